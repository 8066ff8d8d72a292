import { expect, test } from 'vitest'
import { clipped } from '../../../src/lib/facts/cluster/clipped.ts'
import { lastWords } from '../../../src/lib/facts/cluster/last-words.ts'

/** Ends of logs as runtimes and servers write them, and the line that names the error. */
const logs: readonly (readonly [string, string, string])[] = [
  [
    'a panic of Go',
    'listening on :8000\npanic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b1a5]\n\ngoroutine 1 [running]:\nmain.(*Server).Start(0x0, {0xc000016120, 0x5})\n\t/src/internal/server.go:41 +0x25\nmain.main()\n\t/src/cmd/main.go:23 +0x1a5\nexit status 2',
    'panic: runtime error: invalid memory address or nil pointer dereference',
  ],
  [
    'log.Fatal of Go',
    '2026/11/29 09:00:00 starting\n2026/11/29 09:00:01 dial tcp 10.43.0.9:6379: connect: connection refused\nexit status 1\n',
    '2026/11/29 09:00:01 dial tcp 10.43.0.9:6379: connect: connection refused',
  ],
  [
    'a data race map crash of Go',
    'fatal error: concurrent map writes\n\ngoroutine 18 [running]:\nmain.main.func1()\n\t/src/main.go:9 +0x30\ncreated by main.main in goroutine 1\n\t/src/main.go:7 +0x45',
    'fatal error: concurrent map writes',
  ],
  [
    'a module that Node does not find',
    "node:internal/modules/cjs/loader:1228\n  throw err;\n  ^\n\nError: Cannot find module '/app/server.js'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)\n    at node:internal/main/run_main_module:28:49 {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v20.18.1",
    "Error: Cannot find module '/app/server.js'",
  ],
  [
    'a cause of Node',
    "TypeError: fetch failed\n    at node:internal/deps/undici/undici:13185:13 {\n  [cause]: Error: connect ECONNREFUSED 10.43.1.2:8000\n      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16) {\n    errno: -111,\n    code: 'ECONNREFUSED'\n  }\n}\n\nNode.js v22.11.0",
    '[cause]: Error: connect ECONNREFUSED 10.43.1.2:8000',
  ],
  [
    'a traceback of Python',
    'Traceback (most recent call last):\n  File "/app/manage.py", line 22, in <module>\n    main()\n  File "/app/manage.py", line 18, in main\n    execute(sys.argv)\n    ~~~~~~~^^^^^^^^^^\ndjango.core.exceptions.ImproperlyConfigured: SECRET_KEY must not be empty\nsqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection refused\n(Background on this error at: https://sqlalche.me/e/20/e3q8)',
    'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection refused',
  ],
  [
    'a root cause of Java',
    'Exception in thread "main" java.lang.IllegalStateException: no context\n\tat com.example.App.run(App.java:12)\nCaused by: java.net.UnknownHostException: db.internal\n\tat java.base/java.net.Inet4.lookup(Inet4.java:9)\n\t... 5 more',
    'Caused by: java.net.UnknownHostException: db.internal',
  ],
  [
    'JSON of pino, then a line of the shutdown',
    '{"level":30,"msg":"boot"}\n{"level":60,"msg":"no database","err":{"message":"SASL: password authentication failed","stack":"…"}}\n{"level":30,"msg":"bye"}',
    'no database: SASL: password authentication failed',
  ],
  ['JSON of zap', '{"level":"fatal","ts":1,"msg":"migrate","error":"dirty database version 3"}\n', 'migrate: dirty database version 3'],
  [
    'logfmt',
    'level=info msg=up\nlevel=error msg="cannot bind" err="address in use"\nlevel=info msg=bye',
    'level=error msg="cannot bind" err="address in use"',
  ],
  [
    'klog',
    'I1129 09:00:00.1 1 main.go:1] start\nE1129 09:00:00.2 1 main.go:2] no leader\nI1129 09:00:00.3 1 main.go:3] bye',
    'E1129 09:00:00.2 1 main.go:2] no leader',
  ],
  [
    'PostgreSQL',
    'FATAL:  password authentication failed for user "app"\nDETAIL:  Role "app" does not exist.',
    'FATAL:  password authentication failed for user "app"',
  ],
  [
    'nginx',
    '2026/11/29 09:00:00 [emerg] 1#1: host not found in upstream "api"\nnginx: configuration file test failed',
    '2026/11/29 09:00:00 [emerg] 1#1: host not found in upstream "api"',
  ],
  [
    'Rust',
    "thread 'main' panicked at src/main.rs:4:5:\nno config file\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    "thread 'main' panicked at src/main.rs:4:5: no config file",
  ],
  [
    'Ruby',
    "app.rb:3:in `run': undefined method `x' for nil (NoMethodError)\n\tfrom app.rb:9:in `<main>'",
    "app.rb:3:in `run': undefined method `x' for nil (NoMethodError)",
  ],
  [
    'PHP',
    'PHP Fatal error:  Uncaught Exception: no key in /app/i.php:3\nStack trace:\n#0 {main}\n  thrown in /app/i.php on line 3',
    'PHP Fatal error:  Uncaught Exception: no key in /app/i.php:3',
  ],
  [
    '.NET',
    'Unhandled exception. System.InvalidOperationException: no host\n ---> System.Net.Sockets.SocketException: Name or service not known\n   at App.Main() in /src/P.cs:line 4',
    '---> System.Net.Sockets.SocketException: Name or service not known',
  ],
  [
    'C++',
    "terminate called after throwing an instance of 'std::runtime_error'\n  what():  cannot open /data/x",
    'what():  cannot open /data/x',
  ],
  [
    'npm',
    'npm ERR! code ELIFECYCLE\nnpm ERR! Missing script: "start"\nnpm ERR! A complete log of this run can be found in:\nnpm ERR!     /home/node/.npm/_logs/x.log',
    'npm ERR! Missing script: "start"',
  ],
  [
    'many errors in one of Node',
    'AggregateError: all failed\n    at [eval]:1:9\n    at node:internal/main/eval_string:51:3 {\n  [errors]: [\n    Error: connect ECONNREFUSED 10.0.0.1:5432\n        at [eval]:1:29\n  ]\n}\n\nNode.js v20.20.2',
    'Error: connect ECONNREFUSED 10.0.0.1:5432',
  ],
  [
    'a heap of Node that is full',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n\n 1: 0xb84bd6 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]\n16: 0x195e476  [node]',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  ],
  ['what Node threw that is no error', '[eval]:1\nthrow {code:3}\n^\n\n{ code: 3 }\n\nNode.js v20.20.2', '{ code: 3 }'],
  [
    'a package that Node does not find',
    "node:internal/modules/package_json_reader:255\n  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);\n        ^\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find package 'nope' imported from /app/[eval1]\n    at Object.getPackageJSONURL (node:internal/modules/package_json_reader:255:9) {\n  code: 'ERR_MODULE_NOT_FOUND'\n}\n\nNode.js v20.20.2",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'nope' imported from /app/[eval1]",
  ],
  [
    'a group of exceptions of Python',
    '  + Exception Group Traceback (most recent call last):\n  |   File "<string>", line 1, in <module>\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: one\n    +---------------- 2 ----------------\n    | TypeError: two\n    +------------------------------------',
    '| TypeError: two',
  ],
  [
    'one exception of Python during another',
    'Traceback (most recent call last):\n  File "<string>", line 3, in <module>\nKeyError: \'x\'\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File "<string>", line 5, in <module>\nRuntimeError: no config',
    'RuntimeError: no config',
  ],
  [
    'an assertion of Python without words',
    'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\nAssertionError',
    'AssertionError',
  ],
  [
    "Redis' own configuration",
    `*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 2\n>>> 'port "abc"'\nargument couldn't be parsed into an integer`,
    "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) *** argument couldn't be parsed into an integer",
  ],
  [
    'psql that finds no server',
    'psql: error: connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?',
    'psql: error: connection to server at "127.0.0.1", port 1 failed: Connection refused',
  ],
  ['a variable that a shell does not have', 'bash: line 1: DATABASE_URL: unbound variable', 'bash: line 1: DATABASE_URL: unbound variable'],
  ['a program that is not there', 'sh: 1: exec: /nope: not found\n', 'sh: 1: exec: /nope: not found'],
  [
    'a library that is not there',
    'postgres: error while loading shared libraries: libicui18n.so.60: cannot open shared object file: No such file or directory',
    'postgres: error while loading shared libraries: libicui18n.so.60: cannot open shared object file: No such file or directory',
  ],
  [
    'curl',
    "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
    "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
  ],
  [
    'a Java that does not begin',
    'Invalid maximum heap size: -Xmx1x\nError: Could not create the Java Virtual Machine.\nError: A fatal exception has occurred. Program will exit.',
    'Invalid maximum heap size: -Xmx1x',
  ],
  [
    'a class that Java does not find',
    'Error: Could not find or load main class Main\nCaused by: java.lang.ClassNotFoundException: Main',
    'Caused by: java.lang.ClassNotFoundException: Main',
  ],
  [
    'a panic of Go during a panic',
    'panic: first [recovered]\n\tpanic: again: first\n\ngoroutine 1 [running]:\nmain.main.func1()\n\t/src/main.go:10 +0x8d\npanic({0x6b3a20?, 0x74f450?})\n\t/usr/local/go/src/runtime/panic.go:783 +0x132\nmain.main()\n\t/src/main.go:10 +0x4d3',
    'panic: again: first',
  ],
  [
    'slog of Go',
    'time=2026-11-29T21:58:28.482Z level=ERROR msg="cannot start" err="no such host"',
    'time=2026-11-29T21:58:28.482Z level=ERROR msg="cannot start" err="no such host"',
  ],
  [
    'a command line of Go',
    `Error: unknown command "serv" for "api"\nRun 'api --help' for usage.`,
    'Error: unknown command "serv" for "api"',
  ],
  ['colours', '\u001b[31mERROR\u001b[0m cannot reach redis\n\u001b[32mINFO\u001b[0m bye', 'ERROR cannot reach redis'],
  [
    'a request of Go that panicked, and a shutdown behind it',
    '2026/11/29 09:00:01 http: panic serving 10.42.0.1:5000: runtime error: index out of range [3] with length 2\ngoroutine 34 [running]:\nmain.handler()\n\t/src/main.go:12 +0x20\n2026/11/29 09:00:02 shutting down',
    '2026/11/29 09:00:01 http: panic serving 10.42.0.1:5000: runtime error: index out of range [3] with length 2',
  ],
  [
    'Prisma, which says of what it speaks and then what is so',
    "PrismaClientInitializationError: Invalid `prisma.user.findMany()` invocation:\n\n\nCan't reach database server at `db:5432`\n    at $n.handleRequestError (/app/node_modules/x.js:121:7615) {\n  clientVersion: '5.1'\n}\n\nNode.js v20.18.1",
    "PrismaClientInitializationError: Invalid `prisma.user.findMany()` invocation: Can't reach database server at `db:5432`",
  ],
  ['a line that was written over itself', 'loading 10%\rloading 50%\rKilled\r\n', 'Killed'],
  ['a program that fish does not find', 'fish: Unknown command: serve\nfish: \nserve\n^~~~^', 'fish: Unknown command: serve'],
  [
    'a Redis whose port is taken',
    '1:M 29 Nov 2026 09:00:00.669 # Warning: Could not create server TCP listening socket *:6379: bind: Address already in use\n1:M 29 Nov 2026 09:00:00.674 # Failed listening on port 6379 (TCP), aborting.',
    '1:M 29 Nov 2026 09:00:00.669 # Warning: Could not create server TCP listening socket *:6379: bind: Address already in use',
  ],
  [
    'an error that ends with a colon, and frames behind it',
    'Error: cannot start:\n    at main (/app/x.js:1:1)\nbye',
    'Error: cannot start:',
  ],
  ['no error at all', 'one\ntwo\n\n}\n', 'two'],
  ['a single closing brace', '}', '}'],
]

test.each(logs)('the last words of %s', (_, text, words) => {
  expect(lastWords(text.split('\n'))).toBe(words)
})

test('a log of blank lines has no last words', () => {
  expect(lastWords(['', '  ', '\t'])).toBeUndefined()
  expect(lastWords([])).toBeUndefined()
})

test('what is too long is cut in the middle, and keeps its end', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const message = `Back-off pulling image "registry.example.com/admin/api@${digest}": ErrImagePull: failed to resolve reference "registry.example.com/admin/api@${digest}": unexpected status from HEAD request: 401 Unauthorized`
  const cut = clipped(message, 160)
  expect(cut).toHaveLength(160)
  expect(cut).toMatch(/^Back-off pulling image .*….*: 401 Unauthorized$/)
  expect(clipped('a b\n c', 160)).toBe('a b c')
  expect([...clipped('😀'.repeat(50), 20)]).toHaveLength(20)
})
