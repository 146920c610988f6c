import { parseEnv } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findEnvBlocks, readEnvBlock, replaceEnvBlock } from '../../src/output/env-block.ts'
import { UTF8_BOM } from '../../src/output/env-syntax.ts'

const none = new Map<string, string>()
const dev = new Map([
  ['DEV_PORT', '5174'],
  ['DEV_URL', 'http://localhost:5174'],
])
const START = '# >>> unplugin-ports: written at every start, edits inside are lost'
const JOINED = `${START} (the line break above too)`
const END = '# <<< unplugin-ports'
const block = `${START}\nDEV_PORT=5174\nDEV_URL=http://localhost:5174\n${END}\n`
const joinedBlock = block.replace(START, JOINED)
const crlf = (text: string) => text.replaceAll('\n', '\r\n')

describe('insertion and removal', () => {
  test.for([
    ['an empty file', '', block],
    ['a last line with its break', 'A=1\n', `A=1\n${block}`],
    ['a last line without one', 'A=1', `A=1\n${joinedBlock}`],
    ['CRLF', 'A=1\r\nB=2\r\n', `A=1\r\nB=2\r\n${crlf(block)}`],
    ['CRLF without the last one', 'A=1\r\nB=2', `A=1\r\nB=2\r\n${crlf(joinedBlock)}`],
    ['mostly LF', 'A=1\r\nB=2\nC=3\n', `A=1\r\nB=2\nC=3\n${block}`],
    ['a lone CR at the end', 'A=1\r', `A=1\r\n${joinedBlock}`],
    ['only a BOM', UTF8_BOM, `${UTF8_BOM}${block}`],
    ['a BOM and a line', `${UTF8_BOM}A=1`, `${UTF8_BOM}A=1\n${joinedBlock}`],
    ['bytes that are no UTF-8', '\u00ff\u00c3\n', `\u00ff\u00c3\n${block}`],
    ['an unclosed quote', 'A="x\n', `A="x\n${block}`],
  ] as const)('%s', ([, text, expected]) => {
    expect(replaceEnvBlock(text, dev)).toBe(expected)
    expect(readEnvBlock(expected)).toEqual(dev)
    expect(replaceEnvBlock(expected, dev)).toBe(expected)
    expect(replaceEnvBlock(expected, none)).toBe(text)
  })

  test('the block stays where it is', () => {
    const moved = replaceEnvBlock(`A=1\n${block}B=2\n`, new Map([['API_PORT', '3001']]))
    expect(moved).toBe(`A=1\n${START}\nAPI_PORT=3001\n${END}\nB=2\n`)
    expect(replaceEnvBlock(moved, none)).toBe('A=1\nB=2\n')
  })

  test("a separator with the user's lines below stays when the block goes", () => {
    expect(replaceEnvBlock(`A=1\n${joinedBlock}B=2`, none)).toBe('A=1\nB=2')
  })

  test('a separator that the user removed is not looked for', () => {
    expect(replaceEnvBlock(`${joinedBlock}B=2\n`, dev)).toBe(`${block}B=2\n`)
    expect(replaceEnvBlock(joinedBlock, none)).toBe('')
  })

  test('no variables and no block change nothing', () => {
    expect(replaceEnvBlock('A=1', none)).toBe('A=1')
    expect(readEnvBlock('A=1\n')).toEqual(none)
  })
})

describe('markers', () => {
  test('may have blanks and a CR behind them', () => {
    const text = `${START} \t\r\nDEV_PORT=1\n${END}  \r\nA=1\n`
    expect(readEnvBlock(text)).toEqual(new Map([['DEV_PORT', '1']]))
    expect(replaceEnvBlock(text, dev)).toBe(`${block}A=1\n`)
  })

  test.for(['"', "'", '`'])('inside a value in %s are part of the value', (quote) => {
    const text = `A=${quote}\n${block}${quote}\nB=1\n`
    expect(readEnvBlock(text)).toEqual(none)
    expect(replaceEnvBlock(text, none)).toBe(text)
    expect(replaceEnvBlock(text, dev)).toBe(text + block)
  })

  test.for([` ${START}`, '# >>> unplugin-portsmouth', `X=1 ${START}`, `#${START}`])(
    '%j is none',
    (line) => {
      const text = `${line}\nDEV_PORT=1\n${END}\n`
      expect(replaceEnvBlock(text, dev)).toBe(text + block)
    },
  )

  test('a wording of another version is one', () => {
    expect(replaceEnvBlock(`# >>> unplugin-ports: hello\nA=1\n${END}\n`, dev)).toBe(block)
  })
})

describe('damage', () => {
  test("a start without end owns ports and URLs, never the user's lines", () => {
    const text = `${START}\nDEV_PORT=5173\nDEV_URL=http://[::1]:5173\n`
    for (const mine of [
      'SECRET=abc\nB_PORT=2\n',
      'DEBUG=1\n',
      '\nB_PORT=2\n',
      '# note\nB_PORT=2\n',
      'API=https://example.com/v1\n',
      'DB=postgres://user@localhost:5432\n',
      'B_PORT="2"\n',
      'export B_PORT=2\n',
      'B_PORT=2 # mine\n',
    ]) {
      expect(replaceEnvBlock(text + mine, dev)).toBe(block + mine)
      expect(replaceEnvBlock(text + mine, none)).toBe(mine)
    }
    expect(readEnvBlock(`${text}SECRET=abc\n`)).toEqual(
      new Map([
        ['DEV_PORT', '5173'],
        ['DEV_URL', 'http://[::1]:5173'],
      ]),
    )
  })

  test('an end without start is left', () => {
    const text = `A=1\n${END}\nB=2\n`
    expect(replaceEnvBlock(text, none)).toBe(text)
    expect(replaceEnvBlock(text, dev)).toBe(text + block)
  })

  test('of two blocks the first is replaced and the second removed', () => {
    const other = `${START}\nDEV_PORT=9\n${END}\n`
    expect(replaceEnvBlock(`A=1\n${other}B=2\n${other}C=3\n`, dev)).toBe(`A=1\n${block}B=2\nC=3\n`)
    expect(replaceEnvBlock(`A=1\n${joinedBlock}${joinedBlock}`, none)).toBe('A=1')
  })

  test('a start before a whole block ends where that begins', () => {
    expect(replaceEnvBlock(`${START}\nDEV_PORT=90\nA=1\n${block}B=2\n`, dev)).toBe(
      `${block}A=1\nB=2\n`,
    )
  })

  test('a quote opened inside a block does not take the lines below along', () => {
    const text = `${START}\nDEV_PORT=5173\nX="\n${END}\nSECRET="a"\n`
    expect(replaceEnvBlock(text, dev)).toBe(`${block}X="\n${END}\nSECRET="a"\n`)
  })

  test('lines that this tool could not have written are not read', () => {
    const text = `${START}\nA="x y"\nB=$HOME\nnonsense\nC='1'\nC D=1\n${END}\n`
    expect(readEnvBlock(text)).toEqual(new Map([['C', '1']]))
  })
})

describe('values', () => {
  test.for([
    '"',
    "'",
    '`',
    '#',
    '$',
    '\\',
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\u00a0',
    '\u00fc',
    '\u20ac',
  ])('%j is refused', (character) => {
    const variables = new Map([['A', `x${character}y`]])
    expect(() => replaceEnvBlock('', variables)).toThrow(TypeError)
  })

  test.for(['', 'A B', 'A=', '#A', 'A\n', 'export A'])('the name %j is refused', (name) => {
    expect(() => replaceEnvBlock('', new Map([[name, '1']]))).toThrow(TypeError)
  })
})

describe('for any content', () => {
  const bytes = fc
    .uint8Array({ maxLength: 200 })
    .map((value) => Buffer.from(value).toString('latin1'))
  const pieces = [
    '\n',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '#',
    '=',
    '"',
    "'",
    '`',
    'A=',
    'export B=',
    '\u00a0',
  ]
  const plain = fc.oneof(bytes, fc.array(fc.constantFrom(...pieces, UTF8_BOM)).map(concat))
  const marked = fc
    .array(
      fc.constantFrom(...pieces, START, JOINED, END, '\nDEV_PORT=5173', `\n${block}`, joinedBlock),
    )
    .map(concat)
  const variables = fc
    .dictionary(
      fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/),
      fc.oneof(
        fc.integer({ min: 1, max: 65_535 }).map(String),
        fc.webUrl({ validSchemes: ['http'] }).filter((url) => !/['$]/.test(url)),
      ),
      { minKeys: 1 },
    )
    .map((object) => new Map(Object.entries(object)))

  test('insertion appends, reads back, and removal restores', () => {
    fc.assert(
      fc.property(plain, variables, (text, variables) => {
        const inserted = replaceEnvBlock(text, variables)
        expect(inserted.startsWith(text)).toBe(true)
        expect(readEnvBlock(inserted)).toEqual(variables)
        expect(replaceEnvBlock(inserted, none)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('a replacement depends on the last variables alone and leaves one block', () => {
    fc.assert(
      fc.property(fc.oneof(plain, marked), variables, variables, (text, first, second) => {
        const once = replaceEnvBlock(text, second)
        expect(replaceEnvBlock(once, second)).toBe(once)
        expect(replaceEnvBlock(replaceEnvBlock(text, first), second)).toBe(once)
        expect(findEnvBlocks(once)).toHaveLength(1)
        expect(findEnvBlocks(replaceEnvBlock(text, none))).toHaveLength(0)
      }),
      { numRuns: 2000 },
    )
  })

  test('every byte outside the blocks is kept', () => {
    fc.assert(
      fc.property(marked, variables, (text, variables) => {
        const after = replaceEnvBlock(text, variables)
        // A separator may go or change its kind; it was no byte of the user's.
        expect(userBytes(after).replace(/[\r\n]/g, '')).toBe(userBytes(text).replace(/[\r\n]/g, ''))
        expect(replaceEnvBlock(after, none)).toBe(replaceEnvBlock(text, none))
      }),
      { numRuns: 2000 },
    )
  })

  test('Node reads the variables, and they win', () => {
    const line = fc.constantFrom('A=1', 'B="x # y"', "export C='1\n2'", '# note', '', 'DEV=`a"b`')
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        variables,
        (lines, eol, final, variables) => {
          const text = lines.join(eol) + (final ? eol : '')
          expect(parseEnv(replaceEnvBlock(text, variables))).toEqual({
            ...parseEnv(text),
            ...Object.fromEntries(variables),
          })
        },
      ),
    )
  })
})

function concat(parts: string[]): string {
  return parts.join('')
}

function userBytes(text: string): string {
  let rest = ''
  let from = 0
  for (const { start, end } of findEnvBlocks(text)) {
    rest += text.slice(from, start)
    from = end
  }
  return rest + text.slice(from)
}
