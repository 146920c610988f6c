import { strict as assert } from 'node:assert'

/** A pure reader of what comes from outside, and how to try it. */
export interface Target {
  readonly name: string
  /** Its modules, from the root of the repository: what is to be reached. */
  readonly files: readonly string[]
  /** Part of the blocks of those that must be reached, from 0 to 1. */
  readonly atLeast: number
  readonly seeds: readonly string[]
  /** What its grammar is made of. */
  readonly words: readonly string[]
  /** What takes an input and throws when something is wrong. */
  load(): Promise<(input: string) => void>
}

/** Runs `work`; only errors of that class are answers. */
function only<T>(errors: new (...args: never[]) => Error, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof errors) return undefined
    throw error
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What programs of the system print, line by line. */
const TABLES = [
  '  sl  local_address rem_address   st\n   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 52011 1 0\n',
  '   0: 0100007F:0BB8 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 52011 1 0\n',
  'ffff9: 00000002 00000000 00010000 0001 01 9 @unplugin-ports:5173@@@\n',
  'ffff9: 00000002 00000000 00010000 0001 01 9 @unplugin-ports:unix:0123456789abcdef@@\n',
  'ffff9: 00000002 00000000 00010000 0001 01 9 /run/x.sock\n',
  '42 (node (x)) S 1 7 7 0 -1 4194560 1 0 0 0 5 2 0 0 20 0 11 0 1234 1000000\n',
  'p12\nn*:3000\nn[::1]:3001\np13\nn/home/me\n',
  ' 4121 Mon Jan  5 10:11:12 2026     node api.js\n',
  '  TCP    127.0.0.1:3000   0.0.0.0:0   LISTENING   4121\n  UDP    [::]:5353   *:*   7\n',
  '[{"ProcessId":1,"Name":"x","CommandLine":"y","StartedAt":"2026-01-01T00:00:00Z"}]',
  '{"Names":"shop-db-1","Image":"postgres","Ports":"0.0.0.0:5432->5432/tcp, [::]:3000-3002->80-82/tcp","Labels":"com.docker.compose.project=shop,com.docker.compose.service=db,com.docker.compose.project.working_dir=/shop"}\n',
]

/** The readers that are tried. */
export const TARGETS: readonly Target[] = [
  {
    name: 'env files',
    files: ['src/output/env-block.ts', 'src/output/env-syntax.ts', 'src/output/env-scan.ts'],
    atLeast: 0.9,
    seeds: [
      'A=1\nB="two\nlines" # x\n',
      '# >>> unplugin-ports: x\nAPI_PORT=3001\n# <<< unplugin-ports\nC=3\n',
      'A=1\r\n# >>> unplugin-ports: x (the line break above too)\r\nP=1\r\n# <<< unplugin-ports\r\n',
      "export A='x'\n`\n",
    ],
    words: [
      '# >>> unplugin-ports',
      ': ',
      '# <<< unplugin-ports',
      ' (the line break above too)',
      'A=',
      'export ',
      '"',
      "'",
      '`',
      '\n',
      '\r\n',
      '#',
      'X_PORT=3000',
      'ï»¿',
      '\\n',
    ],
    load: async () => {
      const { replaceEnvBlock, readEnvBlock } = await import('../../src/output/env-block.ts')
      const { scanEnv } = await import('../../src/output/env-scan.ts')
      return (input) => {
        scanEnv(input)
        const none = new Map<string, string>()
        const bare = replaceEnvBlock(input, none)
        const written = replaceEnvBlock(input, new Map([['API_PORT', '3001']]))
        assert.equal(readEnvBlock(written).get('API_PORT'), '3001')
        assert.equal(replaceEnvBlock(written, new Map([['API_PORT', '3001']])), written)
        assert.equal(replaceEnvBlock(written, none), bare, 'taking the block out leaves all else')
      }
    },
  },
  {
    name: 'config JSON',
    files: ['src/config/json-lines.ts', 'src/utils/json-place.ts'],
    atLeast: 0.9,
    seeds: [
      '{"services": {"api": [1, -2.5e3, true, null, "x\\u0041\\n"]}}',
      '[[], {}]',
      '// x\n{}',
    ],
    words: [
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      'true',
      'null',
      '1e5',
      '\\u00',
      '//',
      '/*',
      '\u0001',
    ],
    load: async () => {
      const { findKeyLines, JsonSyntaxError } = await import('../../src/config/json-lines.ts')
      const { findJsonError } = await import('../../src/utils/json-place.ts')
      return (input) => {
        const valid = isJson(input)
        const lines = only(JsonSyntaxError, () => findKeyLines(input))
        const deep = input.replace(/[^[{]/g, '').length > 150
        assert.equal(lines !== undefined, valid || (deep && lines !== undefined), 'findKeyLines')
        assert.equal(findJsonError(input) === undefined, valid, 'findJsonError')
      }
    },
  },
  {
    name: 'config code',
    files: ['src/config/code-lines.ts'],
    atLeast: 0.9,
    seeds: [
      "export default {\n  services: { api: { preferred: 3000 } }, // x\n  packages: { 'a/*': {} } /* y */\n}",
      '`${a}` "b\\"" \'c\' services: (x), services: [1]',
    ],
    words: [
      'services',
      'api',
      ':',
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      '//',
      '/*',
      '*/',
      '`',
      '"',
      "'",
      '\\',
    ],
    load: async () => {
      const { findLineInCode } = await import('../../src/config/code-lines.ts')
      return (input) => {
        const paths = [['services', 'api'], ['services', 0], ['packages', 'a/*'], [], [0]]
        for (const path of paths) {
          const line = findLineInCode(input, path)
          if (line !== undefined) assert.ok(line >= 1 && line <= input.split('\n').length)
        }
      }
    },
  },
  {
    name: 'compose values',
    files: ['src/compose/template.ts', 'src/compose/published.ts'],
    atLeast: 0.9,
    seeds: [
      '${DB_PORT:-5432}:5432',
      '127.0.0.1:${A-${B:?x}}:80/udp',
      '[::1]:3000-3002:80-82',
      '${BOTH}/tcp',
      '$C:$$1',
      '${A+b}:${X?y}:1',
    ],
    words: [
      '${',
      '}',
      ':-',
      '-',
      ':?',
      '?',
      ':+',
      '+',
      '$$',
      'A',
      'BOTH',
      ':',
      '[',
      ']',
      '::1',
      '/udp',
      '80',
    ],
    load: async () => {
      const { readPublished } = await import('../../src/compose/published.ts')
      const { parseTemplate, renderTemplate, TemplateError } =
        await import('../../src/compose/template.ts')
      const values = { A: '1', BOTH: '8080:80', EMPTY: '', B: '90-91' }
      return (input) => {
        only(TemplateError, () => renderTemplate(parseTemplate(input), values))
        const long = { target: input, published: input, host_ip: input, protocol: 'tcp' }
        for (const entry of [input, Number(input), long, [input], null]) {
          const port = only(TemplateError, () => readPublished(entry, values))
          if (port?.hostPorts) assert.ok(port.hostPorts.to <= 65_535 && port.hostPorts.from > 0)
        }
      }
    },
  },
  {
    name: 'system tables',
    files: [
      ...['linux-sockets', 'linux-unix', 'darwin-lsof', 'darwin-ps', 'windows-netstat'].map(
        (name) => `src/net/owners/${name}.ts`,
      ),
      'src/net/owners/windows-processes.ts',
      'src/net/owners/containers.ts',
      'src/utils/process-stat.ts',
    ],
    atLeast: 0.8,
    seeds: TABLES,
    words: [...TABLES, '\n', ':', ' ', '@', '(', ')', '->', '/tcp', 'TCP', 'UDP', ',', '='],
    load: async () => {
      const sockets = await import('../../src/net/owners/linux-sockets.ts')
      const { parseUnixListeners } = await import('../../src/net/owners/linux-unix.ts')
      const lsof = await import('../../src/net/owners/darwin-lsof.ts')
      const { parsePs } = await import('../../src/net/owners/darwin-ps.ts')
      const { parseNetstat } = await import('../../src/net/owners/windows-netstat.ts')
      const { parseProcessList } = await import('../../src/net/owners/windows-processes.ts')
      const { parseDockerPs } = await import('../../src/net/owners/containers.ts')
      const { parseStat } = await import('../../src/utils/process-stat.ts')
      const { parseLinuxLeases, parseOtherLinuxLeases } = await import('../../src/lease/list.ts')
      return (input) => {
        for (const protocol of ['tcp', 'udp'] as const) {
          for (const { port } of sockets.parseListenRows(input, undefined, protocol)) {
            assert.ok(port >= 0 && port <= 65_535)
          }
        }
        for (const port of parseLinuxLeases(input)) assert.ok(port > 0 && port <= 65_535)
        for (const port of parseDockerPs(input).keys()) assert.ok(port >= 0 && port <= 65_535)
        parseOtherLinuxLeases(input)
        parseUnixListeners(input, '/run/x.sock')
        lsof.parseLsofListeners(input)
        lsof.parseLsofPath(input, '/home/me')
        lsof.parseLsofCwds(input)
        parsePs(input)
        parseNetstat(input)
        parseProcessList(input)
        parseStat(input)
      }
    },
  },
  {
    name: 'leases',
    files: ['src/lease/answer.ts', 'src/lease/order.ts', 'src/memory/record.ts'],
    atLeast: 0.85,
    seeds: [
      '{"v":1,"port":3000,"service":"api","state":"held","serving":true,"root":"/a","checkout":"/a","branch":"m","pid":7,"command":"vite","since":"2026-01-01T00:00:00Z","challenge":"0123456789abcdef"}',
      '{"v":1,"port":0,"protocol":"unix","path":"/run/x","service":"api","state":"leased","runs":true,"root":"/a","checkout":"/a","pid":7,"command":"x","since":"x"}',
      '{"v":1,"order":"stop","proof":"x"}',
      '{"v":1,"ok":false,"refusal":"token"}',
      '{"v":1,"ok":true,"result":[]}',
      '{"v":1,"root":"/a","checkout":"/a","branch":"m","services":{"api":{"port":3000,"asked":3001,"held":true,"protocol":"udp","usedOn":"2026-01-01"}}}',
    ],
    words: [
      '"v":1',
      '"port":3000',
      '"udp"',
      '"state":',
      '"held"',
      '"pid":',
      '"ok":',
      'null',
      '[]',
      '{}',
      '-1',
      '"__proto__":',
      '\\u001b',
      '"services":',
      '2',
    ],
    load: async () => {
      const answer = await import('../../src/lease/answer.ts')
      const order = await import('../../src/lease/order.ts')
      const { parseRecord, renderRecord } = await import('../../src/memory/record.ts')
      const now = Date.parse('2026-01-02')
      return (input) => {
        const said = answer.endpointSaid(input)
        for (const endpoint of [3000, 'udp:5353', 'unix:/run/x', said ?? 1] as const) {
          const found = answer.parseAnswer(input, endpoint)
          if (!found) continue
          assert.ok(found.pid >= 1 && !/\p{Cc}/u.test(found.service + found.root + found.command))
          assert.deepEqual(answer.parseAnswer(answer.renderAnswer(found), endpoint), found)
        }
        order.challengeIn(input)
        order.parseOrder(input)
        order.parseReply(input)
        const record = parseRecord(input, now)
        if (typeof record === 'string') return
        assert.deepEqual(parseRecord(renderRecord(record), now), record)
      }
    },
  },
  {
    name: 'status requests',
    files: ['src/status/guard.ts', 'src/status/routes.ts', 'src/bundlers/status-page.ts'],
    atLeast: 0.55,
    seeds: [
      'localhost:5173|http://localhost:5173|same-origin|/__ports/status.json|127.0.0.1',
      '[::1]:1|null|none|/app/__ports/|::ffff:127.0.0.1',
      'evil.test|http://evil.test|cross-site|/__ports/actions/move|10.0.0.1',
      'shop.test|https://shop.test|same-site|/__ports|::1',
    ],
    words: [
      '|',
      'localhost',
      '.',
      ':',
      '127.0.0.1',
      '@',
      '#',
      '/',
      '%2e',
      'evil.test',
      '[::1]',
      'http://',
      '/__ports',
      '/actions/stop',
      '0x7f.1',
      '。',
    ],
    load: async () => {
      const { decide } = await import('../../src/status/routes.ts')
      const { judgeAction, isAllowedHost } = await import('../../src/status/guard.ts')
      const { statusPath } = await import('../../src/bundlers/status-page.ts')
      return (input) => {
        const [host, origin, site, url, peer] = input.split('|')
        const path = statusPath(url, { base: () => '/app/' }) ?? url ?? ''
        const facts = {
          method: 'POST',
          path,
          query: new URLSearchParams(url),
          host,
          peer,
          origin,
          site,
          forwarded: false,
          referer: origin,
          mode: 'navigate',
          destination: 'document',
          contentType: 'application/json',
          token: origin,
        }
        isAllowedHost(host, ['.shop.test', 'SHOP.test'])
        for (const method of ['POST', 'GET']) {
          const decision = decide({ ...facts, method }, ['.shop.test'], (text) => text === 'secret')
          if ('answer' in decision) continue
          // Only names that nobody can make point elsewhere are answered.
          const { hostname } = new URL(`http://${host}`)
          assert.match(hostname, /^(?:[\d.]+|\[.*\]|(?:.*\.)?localhost\.?|(?:.*\.)?shop\.test\.?)$/)
          if (origin !== undefined) assert.equal(new URL(origin).hostname, hostname)
          assert.notEqual(decision.route.to, 'action', 'nobody has guessed the token')
        }
        judgeAction(facts, 'local', (text) => text === 'http://localhost:5173')
      }
    },
  },
  {
    name: 'command lines',
    files: ['src/cli/parse.ts', 'src/cli/values.ts', 'src/compose/command.ts'],
    atLeast: 0.85,
    seeds: [
      'who 5173 --json',
      'run --name api --port 3000 -- node x.js',
      '-C /x wait :80 --timeout=30s',
      'docker compose -f a.yaml --profile=x up -d',
      '--help',
      'env --format',
    ],
    words: [
      ' ',
      '--',
      '-',
      '=',
      '--json',
      '--port',
      '-C',
      '--__proto__',
      '--constructor=',
      '--no-json',
      '-hj',
      '5173',
      ':80',
      '3000-3010',
      '30s',
      'docker',
      'compose',
    ],
    load: async () => {
      const { parseLine, splitCommand } = await import('../../src/cli/parse.ts')
      const { COMMANDS, DEFAULT_COMMAND } = await import('../../src/cli/commands.ts')
      const { UsageError } = await import('../../src/cli/usage-error.ts')
      const { nearestName } = await import('../../src/options/suggest.ts')
      const values = await import('../../src/cli/values.ts')
      const { readComposeCall } = await import('../../src/compose/command.ts')
      return (input) => {
        const words = input.split(' ')
        readComposeCall(words)
        for (const word of words) {
          const ms = values.parseDuration(word)
          assert.ok(ms === undefined || Number.isSafeInteger(ms))
          values.parsePortArgument(word)
          values.parsePortsArgument(word)
        }
        const { name, rest } = splitCommand(words)
        const spec = COMMANDS.find((one) => one.name === name) ?? DEFAULT_COMMAND
        for (const one of [spec, ...COMMANDS.slice(0, 4)]) {
          const line = only(UsageError, () => parseLine(one, rest, nearestName))
          for (const flag of line?.flags.keys() ?? []) assert.match(flag, /^[a-z-]+$/)
        }
      }
    },
  },
  {
    name: 'shown words',
    files: [
      'src/utils/shorten-command.ts',
      'src/utils/mask-secrets.ts',
      'src/bundlers/proxy-hop.ts',
    ],
    atLeast: 0.7,
    seeds: [
      '/usr/bin/node /shop/node_modules/.bin/vite --port 3000',
      'bun run --cwd x dev',
      'node -e "1"',
      'sh -c "deploy --token x"',
      'https://u:p@host/x',
      'python3 -m http.server',
      'http://api.test/base/x?y#z',
    ],
    words: [
      'node ',
      '--token ',
      'SECRET-x',
      '://',
      '@',
      ':',
      '"',
      '\\',
      '/bin/',
      'node_modules/',
      '-r ',
      '\u001b[2J',
      '\u202e',
      '=',
      '{',
      '//',
      'http://api.test/base',
    ],
    load: async () => {
      const { shortenCommand } = await import('../../src/utils/shorten-command.ts')
      const { maskSecrets } = await import('../../src/utils/mask-secrets.ts')
      const { ownLocation } = await import('../../src/bundlers/proxy-hop.ts')
      return (input) => {
        const short = shortenCommand(input)
        assert.ok(Array.from(short).length <= 60 && !/[\p{Cc}\p{Cf}]/u.test(short))
        assert.doesNotMatch(
          maskSecrets(['--token', 'SECRET-x', input]).slice(0, 2).join(' '),
          /SECRET-x/,
        )
        const place = { origin: 'http://api.test', base: '/base' }
        const location = ownLocation(input, place)
        if (location !== input) assert.match(location, /^\/(?!\/)/, 'a path of this server')
      }
    },
  },
  {
    name: 'packets',
    files: ['src/preload/esbuild-packets.ts'],
    atLeast: 0.9,
    seeds: [
      '\0\0\0\0\x02\0\0\0\x07\0\0\0command\x03\x05\0\0\0serve\x04\0\0\0port\x02\xb8\x0b\0\0\x04\0\0\0host\x03\x01\0\0\0x',
      '\x07\0\0\0command\x03\x07\0\0\0dispose\x03\0\0\0key\x02\x01\0\0\0',
      '\x20\0\0\0\x0f\0\0\0\x06\x01\0\0\0\x05\0\0\0error\x03',
    ],
    words: [
      '\x04\0\0\0port\x02',
      '\x03\0\0\0key\x02',
      '\x04\0\0\0host\x03',
      '\0\0\0\0',
      '\xff\xff\xff\xff',
      '\x0f\0\0\0\x06',
      'error',
    ],
    load: async () => {
      const { readAnswer, readEnd, readServe } =
        await import('../../src/preload/esbuild-packets.ts')
      return (input) => {
        const bytes = Buffer.from(input, 'latin1')
        readServe(bytes)
        readEnd(bytes)
        readAnswer(bytes, 7)
      }
    },
  },
]

/** A reader with a defect that only an input in four steps reaches: shows that the others would be found. */
export const PLANTED: Target = {
  name: 'planted',
  files: ['test/fuzz/planted.ts'],
  atLeast: 0,
  seeds: ['nothing'],
  words: ['u', '!', 'f', 'z'],
  load: async () => (await import('./planted.ts')).readPlanted,
}
