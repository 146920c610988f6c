import { expect, test } from 'vitest'
import { prefixTitle } from '../../src/bundlers/title.ts'

test.each([
  ['<head><title>Shop</title></head>', '<head><title>[x] Shop</title></head>'],
  ['<title lang="en">\n  Shop</title>', '<title lang="en">[x] Shop</title>'],
  ['<TITLE></TITLE>', '<TITLE>[x] </TITLE>'],
  ['<head></head><body></body>', '<head><title>[x]</title></head><body></body>'],
  [
    '<head></head><body><svg><title>logo</title></svg></body>',
    '<head><title>[x]</title></head><body><svg><title>logo</title></svg></body>',
  ],
  ['a fragment', 'a fragment'],
])('%s', (html, expected) => {
  expect(prefixTitle(html, 'x')).toBe(expected)
})

test('a name that means something in HTML or in a replacement is shown as it is', () => {
  expect(prefixTitle('<title>Shop</title>', 'a<b>&$1')).toBe(
    '<title>[a&lt;b&gt;&amp;$1] Shop</title>',
  )
})
