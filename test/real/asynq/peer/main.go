// Plays a worker, a scheduler and the inspector of asynq, for the tests that hold the commands of the queue to it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
)

var errNamed = errors.New("send: dial tcp: connection refused")

// Each kind of task ends as its name says; any other ends well.
func handle(ctx context.Context, task *asynq.Task) error {
	switch task.Type() {
	case "fails:once":
		return errNamed
	case "fails:for-good":
		return fmt.Errorf("%w: %w", errNamed, asynq.SkipRetry)
	case "takes:long":
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Minute):
		}
	}
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func print(value any) {
	check(json.NewEncoder(os.Stdout).Encode(value))
}

func stopped() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
}

func worker(redis asynq.RedisConnOpt) {
	server := asynq.NewServer(redis, asynq.Config{
		Concurrency:     4,
		Queues:          map[string]int{"default": 1, "low": 1},
		LogLevel:        asynq.FatalLevel,
		ShutdownTimeout: time.Second,
	})
	check(server.Start(asynq.HandlerFunc(handle)))
	print("started")
	stopped()
	server.Shutdown()
}

func scheduler(redis asynq.RedisConnOpt, spec, kind string) {
	scheduler := asynq.NewScheduler(redis, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	_, err := scheduler.Register(spec, asynq.NewTask(kind, nil))
	check(err)
	check(scheduler.Start())
	print("started")
	stopped()
	scheduler.Shutdown()
}

// enqueue QUEUE TYPE COUNT [SECONDS [UNIQUE [GROUP]]]: so many, due in so many seconds, unique for so many, into a group.
func enqueue(redis asynq.RedisConnOpt, words []string) {
	client := asynq.NewClient(redis)
	defer client.Close()
	number := func(at int) int {
		if len(words) <= at {
			return 0
		}
		found, err := strconv.Atoi(words[at])
		check(err)
		return found
	}
	ids := []string{}
	for i := range number(2) {
		options := []asynq.Option{asynq.Queue(words[0])}
		if seconds := number(3); seconds > 0 {
			options = append(options, asynq.ProcessIn(time.Duration(seconds)*time.Second))
		}
		payload := strconv.Itoa(i)
		if seconds := number(4); seconds > 0 {
			options = append(options, asynq.Unique(time.Duration(seconds)*time.Second))
			payload = ""
		}
		if len(words) > 5 {
			options = append(options, asynq.Group(words[5]))
		}
		info, err := client.Enqueue(asynq.NewTask(words[1], []byte(payload)), options...)
		check(err)
		ids = append(ids, info.ID)
	}
	print(ids)
}

// Everything that the inspector says of every queue.
func info(redis asynq.RedisConnOpt) {
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	names, err := inspector.Queues()
	check(err)
	queues := map[string]any{}
	for _, name := range names {
		found, err := inspector.GetQueueInfo(name)
		check(err)
		tasks := map[string][]string{}
		for state, list := range map[string]func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			"pending": inspector.ListPendingTasks, "active": inspector.ListActiveTasks, "scheduled": inspector.ListScheduledTasks,
			"retry": inspector.ListRetryTasks, "archived": inspector.ListArchivedTasks, "completed": inspector.ListCompletedTasks,
		} {
			all, err := list(name, asynq.PageSize(1000))
			check(err)
			tasks[state] = []string{}
			for _, task := range all {
				tasks[state] = append(tasks[state], task.ID)
			}
		}
		groups, err := inspector.Groups(name)
		check(err)
		tasks["aggregating"] = []string{}
		for _, group := range groups {
			all, err := inspector.ListAggregatingTasks(name, group.Group, asynq.PageSize(1000))
			check(err)
			for _, task := range all {
				tasks["aggregating"] = append(tasks["aggregating"], task.ID)
			}
		}
		queues[name] = map[string]any{
			"pending": found.Pending, "active": found.Active, "scheduled": found.Scheduled, "retry": found.Retry, "archived": found.Archived,
			"completed": found.Completed, "aggregating": found.Aggregating, "processed": found.Processed, "failed": found.Failed, "paused": found.Paused,
			"latency": found.Latency.Seconds(), "tasks": tasks,
		}
	}
	servers, err := inspector.Servers()
	check(err)
	entries, err := inspector.SchedulerEntries()
	check(err)
	next := []map[string]any{}
	for _, entry := range entries {
		next = append(next, map[string]any{"id": entry.ID, "spec": entry.Spec, "type": entry.Task.Type(), "next": entry.Next.Unix()})
	}
	print(map[string]any{"queues": queues, "servers": len(servers), "entries": next})
}

// One act of the inspector: pause, unpause, run, archive, delete. Prints the error's text, or nothing.
func act(redis asynq.RedisConnOpt, words []string) {
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	var err error
	switch words[0] {
	case "pause":
		err = inspector.PauseQueue(words[1])
	case "unpause":
		err = inspector.UnpauseQueue(words[1])
	case "run":
		err = inspector.RunTask(words[1], words[2])
	case "archive":
		err = inspector.ArchiveTask(words[1], words[2])
	case "delete":
		err = inspector.DeleteTask(words[1], words[2])
	default:
		check(fmt.Errorf("no act is called %s", words[0]))
	}
	said := ""
	if err != nil {
		said = err.Error()
	}
	print(said)
}

func main() {
	redis := asynq.RedisClientOpt{Addr: os.Getenv("ADDR"), Password: os.Getenv("PASSWORD")}
	words := os.Args[1:]
	if len(words) == 0 {
		check(errors.New("worker | scheduler SPEC TYPE | enqueue QUEUE TYPE COUNT [IN [UNIQUE [GROUP]]] | info | act WORDS"))
	}
	switch words[0] {
	case "worker":
		worker(redis)
	case "scheduler":
		scheduler(redis, words[1], words[2])
	case "enqueue":
		enqueue(redis, words[1:])
	case "info":
		info(redis)
	case "act":
		act(redis, words[1:])
	case "version":
		print("asynq 0.26.0, peer 2")
	default:
		check(fmt.Errorf("no command is called %s", words[0]))
	}
}
