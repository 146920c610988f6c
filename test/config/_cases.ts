/** One config file, and what comes of it: options, or the beginning of an error. */
export interface Case {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
  readonly mode?: string
  readonly options?: unknown
  readonly error?: string
  /** Where the host may not wait, when that differs. */
  readonly atOnce?: string
}

const API = { services: { api: { preferred: 3000 } } }

/** Files that are read. */
export const GOOD: readonly Case[] = [
  {
    what: 'JSON with a byte order mark and a schema',
    files: {
      'ports.config.json':
        '\uFEFF{ "$schema": "./x.json", "services": { "api": { "preferred": 3000 } } }',
    },
    options: API,
  },
  {
    what: 'an ES module',
    files: { 'ports.config.mjs': 'export default { services: { api: { preferred: 3000 } } }' },
    options: API,
  },
  {
    what: 'an ES module by the type of its package',
    files: {
      'package.json': '{ "type": "module" }',
      'ports.config.js': 'export default { services: { api: { preferred: 3000 } } }',
    },
    options: API,
  },
  {
    what: 'a CommonJS module',
    files: { 'ports.config.cjs': 'module.exports = { services: { api: { preferred: 3000 } } }' },
    options: API,
  },
  {
    what: 'a CommonJS module by the type of its package',
    files: {
      'package.json': '{}',
      'ports.config.js': 'module.exports = () => ({ services: { api: { preferred: 3000 } } })',
    },
    options: API,
  },
  {
    what: 'a compiled CommonJS module',
    files: {
      'ports.config.cjs':
        'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { services: { api: { preferred: 3000 } } }',
    },
    options: API,
  },
  {
    what: 'TypeScript with an enum, an import and the typed helper',
    files: {
      'port.ts': 'export enum Port { Api = 3000 }',
      'ports.config.ts': `import { defineConfig, type PortsConfig } from 'unplugin-ports/config'
import { Port } from './port.ts'
const config: PortsConfig = { services: { api: { preferred: Port.Api as number } } }
export default defineConfig(config)`,
    },
    options: API,
  },
  {
    what: 'TypeScript as an ES module, a function',
    files: {
      'ports.config.mts':
        'import type { ConfigContext } from "unplugin-ports/config"\nexport default ({ root, mode }: ConfigContext) => ({ services: { [`${mode}-${root.length > 1}`]: 1 } })',
    },
    mode: 'staging',
    options: { services: { 'staging-true': 1 } },
  },
  {
    what: 'an asynchronous function',
    files: {
      'ports.config.mjs': 'export default async ({ mode }) => ({ services: { [mode]: 1 } })',
    },
    mode: 'staging',
    options: { services: { staging: 1 } },
    atOnce: 'ports.config.mjs: its function is asynchronous, and a webpack or Rspack plugin',
  },
  {
    what: 'an asynchronous function in TypeScript',
    files: { 'ports.config.ts': 'export default async () => ({ strict: true as boolean })' },
    options: { strict: true },
    atOnce: 'ports.config.ts: its function is asynchronous, and a webpack or Rspack plugin',
  },
  {
    what: 'a module that awaits',
    files: { 'ports.config.mjs': 'export default await Promise.resolve({ strict: true })' },
    options: { strict: true },
    atOnce: 'ports.config.mjs: it awaits at its top level, and a webpack or Rspack plugin',
  },
]

/** Files that are wrong. */
export const WRONG: readonly Case[] = (
  [
    ['json', '{\n  "strict": yes\n}', '.json:2: expected a value, found "yes".'],
    ['json', '[]', '.json default export: [] is not an object'],
    ['json', '{\n"a": {},\n"services": {\n"api": {}}}', '.json:2 a: unknown option'],
    ['json', '{\n"services": {\n"api": {"preferred": 0}}}', '.json:3 services.api.preferred: 0 is'],
    ['mjs', 'export default {\n  a: = 1\n}', '.mjs:2: syntax error: Unexpected token'],
    ['cjs', 'module.exports = {\n  a: = 1\n}', '.cjs:2: syntax error: Unexpected token'],
    ['ts', 'const x: number = 1\nexport default {\n  a: = 1\n}', '.ts:3: syntax error: Unexpected'],
    ['mjs', '\n\nthrow new Error("no luck")', '.mjs:3: no luck'],
    ['cjs', '\nmodule.exports = () => {\nthrow new Error("no luck") }', '.cjs:3: no luck'],
    [
      'ts',
      'interface A { a: 1 }\nfunction f() {\n  throw new RangeError("no luck")\n}\nexport default () => f()',
      '.ts:3: RangeError: no luck',
    ],
    ['mjs', 'throw "words"', '.mjs: it threw words.'],
    ['mjs', "import x from './nowhere.mjs'\nexport default x", '.mjs:1: Cannot find module'],
    ['ts', "import x from './nowhere.ts'\nexport default x", '.ts:1: Cannot find module'],
    ['mjs', 'export const services = {}', '.mjs: it has no default export; write'],
    ['ts', 'export const services = {}', '.ts: it has no default export; write'],
    ['mjs', 'export default 5', '.mjs default export: 5 is not an object'],
    ['mjs', 'export default () => null', '.mjs default export: null is not an object'],
    [
      'ts',
      "const port: string = '3000'\nexport default {\n  services: {\n    api: {\n      preferred: port,\n    },\n  },\n}",
      '.ts:5 services.api.preferred: "3000" is a string; write the number 3000.',
    ],
    [
      'mjs',
      'const api = { preferred: 0 }\nexport default { services: { api } }',
      '.mjs services.api.preferred: 0 is no port',
    ],
    [
      'mjs',
      'export default {\n  packages: { "../x": {} },\n}',
      '.mjs:2 packages["../x"]: "../x" is no directory below the config file',
    ],
    [
      'mjs',
      'export default { packages: { a: { packages: {} } } }',
      '.mjs:1 packages.a.packages: unknown option',
    ],
  ] as const
).map(([extension, text, error]) => ({
  what: JSON.stringify(text),
  files: { [`ports.config.${extension}`]: text },
  error: `ports.config${error}`,
}))
