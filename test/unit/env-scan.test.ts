import { parseEnv } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replaceEnvBlock } from '../../src/output/env-block.ts'
import { scanEnv } from '../../src/output/env-scan.ts'
import { UTF8_BOM } from '../../src/output/env-syntax.ts'

/** Node 22.12 takes what stands behind a second `=` for one more assignment. */
const readsTwice = 'b' in parseEnv('A=b=c')
const ports = new Map([['DEV_PORT', '5174']])

describe('scanEnv', () => {
  test('finds name, value and line', () => {
    const text = [
      '# a comment with A=1',
      'PORT=3000',
      '',
      '  export API_PORT = 3001 # inline',
      'KEY="first',
      'PORT=1 inside',
      'last" # behind',
      'SINGLE=\'a # "b" \\n\'',
      'DOUBLE="a\\nb"',
      'TICK=`it\'s "x"`',
      'no assignment',
      'not a name=1',
      '=1',
      '\t#OFF=1',
      'EMPTY=',
      'OPEN="x # y',
      'PORT=4000',
    ].join('\n')
    expect(scanEnv(text)).toEqual([
      { name: 'PORT', value: '3000', line: 2 },
      { name: 'API_PORT', value: '3001', line: 4 },
      { name: 'KEY', value: 'first\nPORT=1 inside\nlast', line: 5 },
      { name: 'SINGLE', value: 'a # "b" \\n', line: 8 },
      { name: 'DOUBLE', value: 'a\nb', line: 9 },
      { name: 'TICK', value: 'it\'s "x"', line: 10 },
      { name: 'EMPTY', value: '', line: 15 },
      { name: 'OPEN', value: '"x # y', line: 16 },
      { name: 'PORT', value: '4000', line: 17 },
    ])
  })

  test('reads CRLF, a BOM and a last line without a break', () => {
    expect(scanEnv(`${UTF8_BOM}A=1\r\nB="x\r\ny"\r\nC=3`)).toEqual([
      { name: 'A', value: '1', line: 1 },
      { name: 'B', value: 'x\ny', line: 2 },
      { name: 'C', value: '3', line: 4 },
    ])
  })

  test('leaves out every managed block and counts its lines', () => {
    const block = replaceEnvBlock('', ports)
    expect(scanEnv(`A=1\n${block}B=2\n${block}C=3\n`)).toEqual([
      { name: 'A', value: '1', line: 1 },
      { name: 'B', value: '2', line: 5 },
      { name: 'C', value: '3', line: 9 },
    ])
  })

  test('a value that spans lines keeps its unusable name from showing what is inside', () => {
    expect(scanEnv('not a name="\nA=1\n"\nB=2\n')).toEqual([{ name: 'B', value: '2', line: 4 }])
  })

  test('agrees with Node on ordinary files', () => {
    const name = fc.constantFrom('A', 'B_C', 'PORT', 'X1')
    const inside = [
      'a',
      ' ',
      '#',
      '\n',
      '$',
      '\\n',
      '\u00fc',
      ...(readsTwice ? [] : ['=', 'PORT=1']),
    ]
    const value = fc.oneof(
      fc.stringMatching(/^[\w:/.-]{0,8}$/),
      fc.stringMatching(/^[a-z]{1,3} [a-z"']{1,3}$/),
      quoted('"', [...inside, "'", '`']),
      quoted("'", [...inside, '"', '`']),
      quoted('`', [...inside, '"', "'"]),
    )
    const assignment = fc
      .tuple(fc.constantFrom('', '', ' ', 'export '), name, fc.constantFrom('=', ' = '), value)
      .map((parts) => parts.join(''))
      // Node 24 looks for a value of blanks alone on the next line, and keeps `export` before none.
      .filter((line) => !line.endsWith(' ') && !/^export.*=$/.test(line))
    const line = fc.oneof(assignment, assignment, fc.constantFrom('', '# note', '# A="'))
    const file = fc
      .tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
      .map(([lines, eol, final]) => lines.join('\n').replaceAll('\n', eol) + (final ? eol : ''))
    fc.assert(
      fc.property(file, (text) => {
        const expected = Object.entries(parseEnv(text))
        expect(lastOf(text)).toEqual(new Map(expected))
        expect(scanEnv(replaceEnvBlock(text, ports))).toEqual(scanEnv(text))
      }),
      { numRuns: 1000 },
    )
  })

  // With anything quadratic in it, each of these takes minutes.
  test.for([
    ['opened quotes', 'A="\n'],
    ['quotes of three kinds', 'A="\nB=\'\nC=`\n'],
    ['lines without an assignment', 'x\n'],
    ['lines with their quote never closed', 'A=x\n', 'B="'],
    ['blanks before a letter', ' ', 'x'],
    ['a value of blanks', ' ', 'x', 'A='],
    ['carriage returns', '\r'],
    ['equals signs', '='],
    ['start markers', '# >>> unplugin-ports\n'],
    ['start markers with their lines', '# >>> unplugin-ports\nA_URL=http://::::::::x\n'],
    ['a long URL without its end marker', ':12345', 'x', '# >>> unplugin-ports\nA=http://'],
    ['copied blocks', '# >>> unplugin-ports\nA=1\n# <<< unplugin-ports\n'],
  ])('a mebibyte of %s', ([, piece = '', last = '', first = '']) => {
    const text = first + piece.repeat(Math.ceil((1024 * 1024) / piece.length)) + last
    const user = replaceEnvBlock(text, new Map())
    expect(replaceEnvBlock(replaceEnvBlock(text, ports), new Map())).toBe(user)
    expect(scanEnv(text).map(({ value }) => value)).toEqual(scanEnv(user).map(({ value }) => value))
  })
})

function lastOf(text: string): Map<string, string> {
  return new Map(scanEnv(text).map(({ name, value }) => [name, value]))
}

function quoted(quote: string, inside: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...inside)).map((parts) => quote + parts.join('') + quote)
}
