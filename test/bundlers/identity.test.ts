import { expect, test } from 'vitest'
import { echo, get, refusal } from '../_utils/http.ts'
import { freeRange } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { checkout, startApi } from './_checkout.ts'
import { HOSTS, startVite } from './_in-process.ts'

test.each(Object.entries(HOSTS))(
  "%s: another checkout's API is refused by name, and this checkout's one serves without a restart",
  async (_, start) => {
    const [dev, port] = await freeRange(2)
    using mine = checkout('mine')
    using other = checkout('feature-x')
    const running = await start(mine.dir, {
      summary: false,
      services: { dev, api: { preferred: port, proxy: '/api' } },
    })
    try {
      const url = `http://localhost:${running.port}/api`
      // Its port is free, so nothing keeps a program that knows only this number from taking it.
      const foreign = await startApi(other, port, 'foreign')
      const refused = await get(`${url}/x`)
      expect(refused.status).toBe(502)
      expect(refused.text).toContain(`port ${port} is served by node api.mjs foreign in ../`)
      expect(refused.text).toContain('(feature-x, pid ')
      expect(refused.text).toContain('npm run api')
      expect(await refusal(`${url}/ws`)).toBe(502)
      expect(foreign.output()).toBe(`api on ${port}\n`)

      await foreign.end()
      await using _own = await startApi(mine, port, 'own')
      await until(async () => (await get(`${url}/x`)).status === 200)
      expect(JSON.parse((await get(`${url}/x`)).text)).toMatchObject({ name: 'own' })
      expect(await echo(`${url}/ws`, 'hello')).toBe('own: hello')
    } finally {
      await running.close()
    }
  },
)

const MODES = [
  ['warn', 'lets requests through and says so once', 1],
  ['off', 'takes whoever is there', 0],
] as const

test.each(MODES)("identity '%s' %s", async (identity, _, warnings) => {
  const [dev, port] = await freeRange(2)
  using mine = checkout('mine')
  using other = checkout('feature-x')
  const lines: string[] = []
  const running = await startVite(mine.dir, lines, {
    summary: false,
    services: { dev, api: { preferred: port, proxy: '/api', identity } },
  })
  try {
    await using _foreign = await startApi(other, port, 'foreign')
    for (const path of ['a', 'b']) {
      const { text } = await get(`http://localhost:${running.port}/api/${path}`)
      expect(JSON.parse(text)).toMatchObject({ name: 'foreign' })
    }
    const said = lines.filter((line) => line.includes('not by this checkout'))
    expect(said).toHaveLength(warnings)
  } finally {
    await running.close()
  }
})

test("identity 'off' takes an API that runs already, wherever it lives", async () => {
  const [dev, port] = await freeRange(2)
  using mine = checkout('mine')
  using other = checkout('feature-x')
  await using _foreign = await startApi(other, port, 'foreign')
  const api = { preferred: port, proxy: '/api' } as const
  const running = await startVite(mine.dir, [], {
    summary: false,
    services: { dev, api: { ...api, identity: 'off' } },
  })
  try {
    const { text } = await get(`http://localhost:${running.port}/api/x`)
    expect(JSON.parse(text)).toMatchObject({ name: 'foreign' })
  } finally {
    await running.close()
  }
})

test('a server that works in no checkout is doubted once and used', async () => {
  const [dev, port] = await freeRange(2)
  using mine = checkout('mine')
  using nowhere = tempRoot()
  const lines: string[] = []
  const running = await startVite(mine.dir, lines, {
    summary: false,
    services: { dev, api: { preferred: port, proxy: '/api' } },
  })
  try {
    await using _unknown = await startApi(nowhere, port, 'unknown')
    for (const path of ['a', 'b']) {
      const { text } = await get(`http://localhost:${running.port}/api/${path}`)
      expect(JSON.parse(text)).toMatchObject({ name: 'unknown' })
    }
    expect(lines.filter((line) => line.includes("can't be told whether"))).toHaveLength(1)
  } finally {
    await running.close()
  }
})

test('identity follows an edit of the config file, without a restart', async () => {
  const [dev, port = 0] = await freeRange(2)
  using mine = checkout('mine')
  using other = checkout('feature-x')
  const edit = (identity: string): void => {
    const services = { api: { preferred: port, proxy: '/api', identity } }
    mine.write({ 'ports.config.json': JSON.stringify({ services }) })
  }
  edit('refuse')
  const running = await startVite(mine.dir, [], { summary: false, services: { dev } })
  try {
    await using _foreign = await startApi(other, port, 'foreign')
    const status = async (): Promise<number | undefined> =>
      (await get(`http://localhost:${running.port}/api/x`)).status
    expect(await status()).toBe(502)
    edit('off')
    await until(async () => (await status()) === 200)
    edit('refuse')
    await until(async () => (await status()) === 502)
  } finally {
    await running.close()
  }
})
