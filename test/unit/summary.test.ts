import colors from 'picocolors'
import { expect, test } from 'vitest'
import { renderSummary, type SummaryRow, type SummaryStyle } from '../../src/output/summary.ts'

const plain = colors.createColors(false)

const rows: SummaryRow[] = [
  {
    service: 'dev',
    link: true,
    allocation: {
      port: 5174,
      url: 'http://localhost:5174',
      source: 'range',
      state: 'held',
      attempts: [
        {
          port: 5173,
          source: 'preferred',
          rejected: 'in-use',
          holder: {
            port: 5173,
            via: 'system',
            pid: 4121,
            command: 'vite',
            checkout: '/work/shop',
            branch: 'main',
          },
        },
        { port: 5174, source: 'range' },
      ],
    },
  },
  { service: 'hmr', link: false, sharedWith: 'dev' },
  {
    service: 'api',
    link: false,
    variable: 'API_PORT',
    allocation: {
      port: 3000,
      url: 'http://localhost:3000',
      source: 'preferred',
      state: 'leased',
      attempts: [{ port: 3000, source: 'preferred' }],
    },
  },
  {
    service: 'db',
    link: false,
    from: 'DB_PORT in .env',
    allocation: {
      port: 5432,
      url: 'http://localhost:5432',
      source: 'env',
      state: 'running',
      description: 'PostgreSQL',
      attempts: [{ port: 5432, source: 'env' }],
    },
  },
  {
    service: 'mail',
    link: false,
    failed: [{ port: 1025, source: 'preferred', rejected: 'in-use' }],
  },
]

const style = (more: Partial<SummaryStyle> = {}): SummaryStyle => ({
  width: 100,
  colors: plain,
  from: '/work/shop-feature-x',
  branch: 'feature-x',
  envFile: '.env.local',
  full: false,
  ...more,
})

test('the table', () => {
  expect(renderSummary(rows, style()).join('\n')).toBe(`  ➜  Ports:   feature-x

     dev    http://localhost:5174/   fallback (2 attempts): 5173 held by vite in ../shop (main, pid
                                     4121)
     hmr                             shared with dev
     api    3000                     preferred (1 attempt); start it on API_PORT from .env.local
     db     5432                     from DB_PORT in .env (1 attempt); PostgreSQL; already running
     mail   none                     not required; 1025 in use
`)
})

test('the status page is linked, beside the branch if both fit', () => {
  const page = 'http://localhost:5174/__ports/'
  const head = (more: Partial<SummaryStyle>) =>
    renderSummary(rows, style({ page, ...more })).slice(0, 2)
  expect(head({})).toEqual([`  ➜  Ports:   ${page}   feature-x`, ''])
  expect(head({ branch: undefined })).toEqual([`  ➜  Ports:   ${page}`, ''])
  expect(head({ width: 56 })).toEqual([`  ➜  Ports:   ${page}   feature-x`, ''])
  expect(head({ width: 55 })).toEqual([`  ➜  Ports:   ${page}`, '              feature-x'])
})

const past = (port: number, checkout: string) =>
  ({
    port,
    via: 'memory',
    service: 'dev',
    root: checkout,
    checkout,
    branch: 'main',
    since: '2026-08-01T10:00:00.000Z',
  }) as const

function reason(attempts: NonNullable<SummaryRow['failed']>, more: Partial<SummaryStyle> = {}) {
  const { port, source } = attempts.at(-1) ?? { port: 0, source: 'range' }
  const allocation = { port, url: '', source, state: 'held', attempts } as const
  const [, , line] = renderSummary(
    [{ service: 'dev', link: false, allocation }],
    style({ width: 300, ...more }),
  )
  return line?.trim()
}

test('what comes from memory', () => {
  expect(reason([{ port: 5180, source: 'sticky' }])).toBe('dev   5180   remembered (1 attempt)')
  const claimed = {
    port: 5173,
    source: 'preferred',
    rejected: 'claimed',
    holder: past(5173, '/work/shop'),
  } as const
  expect(reason([claimed, { port: 5174, source: 'range' }])).toBe(
    'dev   5174   fallback (2 attempts): 5173 remembered for "dev" in ../shop (main)',
  )
  const live = { ...claimed.holder, via: 'lease', state: 'held', command: 'vite', pid: 7 } as const
  expect(
    reason([
      { ...claimed, holder: live },
      { port: 5174, source: 'range' },
    ]),
  ).toBe('dev   5174   fallback (2 attempts): 5173 held by vite in ../shop (main, pid 7)')
  const here = { ...past(5173, '/work/shop-feature-x'), root: '/work/shop-feature-x/packages/web' }
  expect(
    reason([
      { ...claimed, holder: here },
      { port: 5174, source: 'range' },
    ]),
  ).toContain('5173 remembered for "dev" in packages/web')
  expect(
    reason([claimed, { port: 5173, source: 'range', holder: past(5173, '/work/old-shop') }]),
  ).toBe(
    'dev   5173   fallback (2 attempts): taken from "dev" in ../old-shop (main), which had it last on 2026-08-01',
  )
})

test("a linked worktree's first port is no fallback", () => {
  const own = [{ port: 5180, source: 'range' }] as const
  expect(reason([...own], { linked: true })).toBe("dev   5180   this worktree's own (1 attempt)")
})

test('the first port of a range is no fallback when no other was asked for', () => {
  const own = [{ port: 5180, source: 'range' }] as const
  expect(reason([...own])).toBe('dev   5180   from its range (1 attempt)')
})

test('at 60 columns no line is longer and no word is lost', () => {
  const wide = renderSummary(rows, style({ width: 200 })).join(' ')
  const narrow = renderSummary(rows, style({ width: 60 }))
  for (const line of narrow) expect(line.length, line).toBeLessThanOrEqual(60)
  const words = (text: string): string[] => text.split(/\s+/).filter(Boolean).toSorted()
  expect(words(narrow.join(' '))).toEqual(words(wide))
})

test('full adds totals', () => {
  expect(renderSummary(rows, style({ full: true })).at(-2)).toBe(
    '     4 services: 2 as wanted, 1 fallback, 5 attempts, 75% allocated',
  )
})

test('colours change nothing but colours', () => {
  const coloured = renderSummary(rows, style({ colors: colors.createColors(true) })).join('\n')
  expect(coloured).toContain('\u001b[')
  // eslint-disable-next-line no-control-regex -- what colours are made of
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderSummary(rows, style()).join('\n'))
})

test('nothing to say is no lines', () => {
  expect(renderSummary([], style())).toEqual([])
})

test('other protocols: the port with its protocol, the path of a socket', () => {
  const path = '/run/user/1000/unplugin-ports/api-0123456789.sock'
  const common = { url: '', source: 'preferred', state: 'leased' } as const
  const udp = { port: 5353, protocol: 'udp' } as const
  const socket = { port: 0, protocol: 'unix', path } as const
  const text = renderSummary(
    [
      {
        service: 'dns',
        link: false,
        allocation: { ...common, ...udp, attempts: [{ ...udp, source: 'preferred' }] },
      },
      {
        service: 'api',
        link: false,
        allocation: {
          ...common,
          ...socket,
          source: 'range',
          attempts: [
            { ...socket, source: 'preferred', rejected: 'in-use' },
            { ...socket, path: path.replace('.sock', '-2.sock'), source: 'range' },
          ],
        },
      },
    ],
    { width: 200, colors: plain, from: '/work', full: false },
  ).join('\n')
  expect(text).toMatch(/dns {3}5353\/udp {2,}preferred \(1 attempt\); waiting for its server/)
  expect(text).toContain(`api   ${path}   fallback (2 attempts): ${path} in use;`)
})
