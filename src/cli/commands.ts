import type { CommandSpec, FlagSpec } from './command.ts'
import { EXIT } from './exit-codes.ts'

const ANY: FlagSpec = { text: 'also when it belongs to another checkout' }
const UNUSED: FlagSpec = {
  value: '<time>',
  text: 'also what no run has used for so long, such as 14d',
}
const DRY_RUN: FlagSpec = { text: 'say what would be done, and do nothing' }

/** `ports list`, which is also what `ports` alone does. */
export const DEFAULT_COMMAND: CommandSpec = {
  name: 'list',
  summary: 'every port that is held or leased on this machine; `ports` alone is the same',
  details: [
    'States: serving (the server of the process that has the port listens), held (bound for a server to come), waiting (kept free for a server that somebody else starts), running (such a server listens), listening (a stranger, with --all).',
  ],
  flags: {
    all: { short: 'a', text: "strangers' listeners too" },
    watch: {
      short: 'w',
      text: 'keep the list fresh; q quits. With --json: a line for every change',
    },
  },
  examples: [
    ['ports', 'what runs, this checkout first'],
    ['ports --all', 'and every other listener'],
    ['ports --watch', 'live'],
    ['ports --json', 'for programs'],
  ],
  exits: [
    [EXIT.ok, 'listed, also when there is nothing'],
    [EXIT.interrupted, '--watch was interrupted'],
  ],
  load: () => import('./commands/list.ts'),
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  DEFAULT_COMMAND,
  {
    name: 'dev',
    summary: 'start the services of this project, each on its port',
    details: [
      'Every service of ports.config with a command is started as soon as what it depends on is healthy, and started again when it fails. Without a config you are asked once which of the scripts to start; where nobody can be asked, what is certain is started.',
      'Keys: r restart, o open, s status page, q quit. At the end everything is stopped, in reverse order.',
    ],
    args: '[service…]',
    flags: {
      profile: { value: '<name>', text: 'services of this profile too; several with commas' },
      raw: { text: "lines without their service's name" },
      logs: { value: '<dir>', text: 'also write the lines of each service to <dir>/<service>.log' },
      yes: { short: 'y', text: 'ask nothing: start what is certain' },
    },
    examples: [
      ['ports dev', 'all of it'],
      ['ports dev api web', 'these, and what they depend on'],
      ['ports dev --profile e2e --logs logs', 'with the services for end-to-end tests'],
    ],
    exits: [
      [EXIT.ok, 'quit, or everything has ended well'],
      [EXIT.failed, 'everything has ended and something failed, or a port could not be had'],
      [EXIT.refused, 'you were asked what to start, and chose nothing'],
      [EXIT.running, 'everything runs in this checkout already'],
      [EXIT.interrupted, 'interrupted from the keyboard'],
    ],
    load: () => import('./commands/dev.ts'),
  },
  {
    name: 'who',
    summary: 'who is on a port: process, checkout, service, container',
    args: '<port|service…>',
    minArgs: 1,
    flags: {},
    examples: [
      ['ports who 5173', 'whoever has 5173'],
      ['ports who api 5432', "this checkout's api, and a database"],
    ],
    exits: [
      [EXIT.ok, 'somebody is on each of them'],
      [EXIT.failed, 'nobody is on one of them, or there is no such service'],
    ],
    load: () => import('./commands/who.ts'),
  },
  {
    name: 'check',
    summary: 'whether ports are free',
    details: [
      'Free means that nobody listens at any address that localhost may mean, and that nobody has leased it.',
    ],
    args: '<port|from-to…>',
    minArgs: 1,
    flags: {
      host: { value: '<host>', text: 'address that a server would bind; default localhost' },
    },
    examples: [
      ['ports check 5173', 'one port'],
      ['ports check 3000-3010 5173', 'a range, both ends included, and one more'],
      ['ports check 3000 && npm start', 'only when it is free'],
    ],
    exits: [
      [EXIT.ok, 'all of them are free'],
      [EXIT.failed, 'at least one is not'],
    ],
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'explain',
    summary: 'why the services of this checkout have their ports',
    args: '[service]',
    maxArgs: 1,
    flags: {},
    examples: [
      ['ports explain', 'every service that runs now'],
      ['ports explain api', 'one of them'],
    ],
    exits: [
      [EXIT.ok, 'explained'],
      [EXIT.failed, 'nothing of this checkout runs, or it has no such service'],
    ],
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'wait',
    summary: 'wait until a server is there',
    details: [
      'A service is one of this checkout and may be still to come. A port that is only held is not there yet. On this machine, a server of another checkout is refused at once.',
    ],
    args: '<service|port|url>',
    minArgs: 1,
    maxArgs: 1,
    flags: {
      healthy: {
        text: 'until it answers HTTP with a status below 500 (or speaks another protocol)',
      },
      gone: { text: 'until nobody listens any more' },
      timeout: { value: '<time>', text: 'such as 30s, 500ms or 2m; default 30s' },
      any: ANY,
    },
    examples: [
      ['ports wait api && npm run e2e', "this checkout's api"],
      ['ports wait 5432 --timeout 1m', 'a database'],
      ['ports wait http://localhost:3000/health --healthy', 'a page'],
      ['ports wait 3000 --gone', 'the end of a server'],
    ],
    exits: [
      [EXIT.ok, 'it is there (or gone)'],
      [EXIT.failed, 'two roots of this checkout have such a service'],
      [EXIT.refused, 'a server of another checkout is there'],
      [EXIT.timeout, 'not within the time'],
    ],
    load: () => import('./commands/wait.ts'),
  },
  {
    name: 'env',
    summary: "the variables of this checkout's running services",
    details: [
      'Formats: dotenv, shell (export lines), json, compose (an environment mapping; localhost in URLs becomes host.docker.internal), vscode (settings for its terminals).',
    ],
    flags: { format: { value: '<format>', short: 'f', text: 'default dotenv; with --json json' } },
    examples: [
      ['ports env', 'API_PORT=3000 and so on'],
      ['eval "$(ports env --format shell)"', 'into this shell'],
      ['ports env --format json', 'for programs'],
    ],
    exits: [
      [EXIT.ok, 'printed'],
      [EXIT.failed, 'nothing of this checkout runs'],
    ],
    load: () => import('./commands/env.ts'),
  },
  {
    name: 'release',
    summary: 'ask the holder of a port to let go',
    args: '[service|port…]',
    flags: {
      dynamic: {
        text: 'the ports of this checkout that nobody named and that no server listens on',
      },
      any: ANY,
      'dry-run': DRY_RUN,
    },
    examples: [
      ['ports release api', "give this checkout's api up"],
      ['ports release --dynamic --dry-run', 'what is leased for nothing'],
    ],
    exits: [
      [EXIT.ok, 'released'],
      [EXIT.failed, 'a server listens there, nobody has leased it, or the holder takes no orders'],
      [EXIT.refused, 'it belongs to another checkout'],
    ],
    load: () => import('./commands/release.ts'),
  },
  {
    name: 'run',
    summary: 'run a command with a port of its own',
    details: [
      'PORT, <NAME>_PORT and <NAME>_URL are set, and those of everything else of this checkout that runs. A Node server gets the held socket itself, without a moment in which another program could take the port; any other one binds it, which is checked, and it is started again on the next port when somebody was faster. {port}, {host} and {url} in the command are filled in.',
      'Without --port a port that PORT, <NAME>_PORT or CONDUCTOR_PORT names is tried first. One argument with spaces is a line for the shell. PORTS=0 only runs the command.',
    ],
    args: '<command…>',
    minArgs: 1,
    passesRest: true,
    flags: {
      name: { short: 'n', value: '<name>', text: 'name of the service; default app' },
      port: { short: 'p', value: '<port>', text: 'port that is tried first' },
      range: { value: '<from-to>', text: 'ports that are tried after that' },
      host: { value: '<host>', text: 'address that its server binds; default localhost' },
      'socket-activation': { text: 'pass the socket as systemd does (LISTEN_FDS)' },
      shell: { text: 'run it by the shell' },
      quiet: { short: 'q', text: 'say nothing' },
    },
    examples: [
      ['ports run --name api node api.js', 'a Node server'],
      ['ports run --port 8000 -- python3 -m http.server {port}', 'any other one'],
      ['ports run "npm run migrate && npm start"', 'a line for the shell'],
    ],
    exits: [[EXIT.failed, 'no port could be had; else the exit code of the command']],
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'compose',
    summary: 'the published ports of the compose files',
    details: [
      'What a variable says ("${DB_PORT:-5432}:5432") gets a free port with `ports run -- docker compose up`, and with the option `compose` wherever ports are chosen. What is fixed can be had by one checkout only: --override prints an override file that puts variables in its place. Docker is not needed for it.',
    ],
    flags: {
      file: { short: 'f', value: '<file>', text: 'the compose file; default as Compose finds it' },
      override: { text: 'print an override file for the fixed ports that clash' },
      all: { short: 'a', text: 'with --override: for every fixed port' },
      write: { short: 'w', value: '<file>', text: 'with --override: write it there' },
    },
    examples: [
      ['ports compose', 'what is published, and who is there now'],
      ['ports compose --override --write compose.override.yaml', 'mend what clashes'],
      ['ports run -- docker compose up', 'start it on free ports'],
    ],
    exits: [
      [EXIT.ok, 'nothing clashes, or the override was made'],
      [EXIT.failed, 'a fixed port clashes, there is no compose file, or it is wrong'],
    ],
    load: () => import('./commands/compose.ts'),
  },
  {
    name: 'stop',
    summary: 'stop what listens on a port',
    details: [
      'What `ports run` of this checkout started is ended by it. For any other process you see what it is and are asked; right before SIGTERM it must still be the same process. Nothing is ever killed by force, and nothing is stopped unasked without --yes.',
    ],
    args: '<service|port…>',
    minArgs: 1,
    flags: {
      yes: { short: 'y', text: 'agree beforehand' },
      timeout: { value: '<time>', text: 'how long its end is waited for; default 10s' },
    },
    examples: [
      ['ports stop 3000', 'see what it is, agree, stop it'],
      ['ports stop api --yes', 'in scripts'],
    ],
    exits: [
      [EXIT.ok, 'stopped'],
      [EXIT.failed, 'nobody listens there, or the system does not permit it'],
      [EXIT.refused, 'nobody agreed, or it is not to be stopped from here'],
      [EXIT.timeout, 'asked to end, but still there'],
    ],
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'clean',
    summary: 'forget the ports of directories that are gone',
    details: [
      'What is remembered of the last runs keeps other projects off those ports. A directory on a disk that may only not be mounted is forgotten after a month. What runs now is left alone.',
    ],
    flags: { unused: UNUSED, 'dry-run': DRY_RUN },
    examples: [
      ['ports clean --dry-run', 'what would be forgotten'],
      ['ports clean --unused 30d', 'projects and services of last month too'],
    ],
    exits: [
      [EXIT.ok, 'clean'],
      [EXIT.failed, 'something could not be removed'],
    ],
    load: () => import('./commands/clean.ts'),
  },
  {
    name: 'reconcile',
    summary: 'compare what is leased with who really listens, and clean up',
    details: ['Running processes are never touched: what is wrong with them is said.'],
    flags: { unused: UNUSED, 'dry-run': DRY_RUN },
    examples: [['ports reconcile', 'what does not agree, and why']],
    exits: [
      [EXIT.ok, 'everything agrees'],
      [EXIT.failed, 'something does not, or could not be removed'],
    ],
    load: () => import('./commands/reconcile.ts'),
  },
  {
    name: 'init',
    summary: "put the plugin into this project's bundler config",
    details: [
      'Shows every change and asks first. Only adds lines: an import, the plugin, a rule in .gitignore, and a dev script where there is none. What it can’t change safely it leaves alone, and says what to paste.',
    ],
    args: '[config]',
    maxArgs: 1,
    flags: {
      yes: { short: 'y', text: 'agree beforehand' },
      'dry-run': DRY_RUN,
      install: { text: 'install the package too, with the package manager of the lockfile' },
    },
    examples: [
      ['ports init', 'see the change, agree'],
      ['ports init webpack.dev.js --dry-run', 'another config; only look'],
      ['ports init --yes --install', 'in scripts'],
    ],
    exits: [
      [EXIT.ok, 'written, or it was there already'],
      [EXIT.failed, 'nothing was changed; it says what to do by hand'],
      [EXIT.refused, 'nobody agreed'],
    ],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'doctor',
    summary: 'look for what goes wrong with ports here, and say what to do',
    details: [
      'Looks at the state directory, memory, leases, addresses, port ranges of the system, env files, options and configs. Changes nothing without --fix, and then only what can be repaired without loss.',
    ],
    flags: {
      fix: { text: 'repair what can be repaired safely, and say so' },
    },
    examples: [
      ['ports doctor', 'what is wrong, and its fix'],
      ['ports doctor --fix', 'and repair what is safe'],
      ['ports doctor --json', 'for programs'],
    ],
    exits: [
      [EXIT.ok, 'nothing is wrong (notes may be there)'],
      [EXIT.failed, 'at least one error or warning is left'],
    ],
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'completions',
    summary: 'print the script by which a shell completes `ports`',
    details: [
      'Commands, flags, and the services and ports that there are at that moment. For good: bash, a line `source <(ports completions bash)` in ~/.bashrc; zsh, the same with zsh in ~/.zshrc behind compinit; fish, `ports completions fish > ~/.config/fish/completions/ports.fish`; PowerShell, `ports completions powershell | Out-String | Invoke-Expression` in $PROFILE.',
    ],
    args: '<shell>',
    minArgs: 1,
    maxArgs: 1,
    flags: {},
    examples: [
      ['source <(ports completions bash)', 'for this bash'],
      ['ports completions fish | source', 'for this fish'],
    ],
    exits: [[EXIT.ok, 'printed']],
    load: () => import('./commands/completions.ts'),
  },
]

/** Commands for programs; the help does not name them. */
export const HIDDEN_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'complete',
    summary: 'what may stand at a word of a command line',
    args: '<index> -- <word…>',
    minArgs: 2,
    passesRest: true,
    flags: {},
    examples: [['ports complete 0 -- ""', 'every command']],
    exits: [[EXIT.ok, 'printed, also when there is nothing']],
    load: () => import('./commands/complete.ts'),
  },
]
