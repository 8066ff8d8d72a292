// Reads files as goose does and prints what it makes of them: one JSON value a line in, one out. Built inside goose's own module, whose parser is internal.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/pressly/goose/v3/internal/sqlparser"
)

type answer struct {
	Statements  []string `json:"statements"`
	Transaction bool     `json:"transaction"`
	Refusal     string   `json:"refusal,omitempty"`
}

func read(text string, direction sqlparser.Direction) answer {
	statements, transaction, err := sqlparser.ParseSQLMigration(strings.NewReader(text), direction, false)
	if err != nil {
		return answer{Statements: []string{}, Refusal: err.Error()}
	}
	if statements == nil {
		statements = []string{}
	}
	return answer{Statements: statements, Transaction: transaction}
}

func main() {
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		var text string
		if err := decoder.Decode(&text); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		if err := encoder.Encode(map[string]answer{"up": read(text, sqlparser.DirectionUp), "down": read(text, sqlparser.DirectionDown)}); err != nil {
			panic(err)
		}
	}
}
