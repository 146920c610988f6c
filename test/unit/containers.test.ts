import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findContainers, parseDockerPs } from '../../src/net/owners/containers.ts'
import { readFileSync } from 'node:fs'

const file = new URL('../fixtures/containers/docker-ps.jsonl', import.meta.url)
const output = readFileSync(file, 'utf8')

test('published ports, ranges, and what Compose says', async () => {
  const containers = parseDockerPs(output)
  expect([...containers.keys()].toSorted((a, b) => a - b)).toEqual([5432, 8080, 9000, 9001])
  expect(containers.get(5432)).toEqual({
    name: 'shop-db-1',
    image: 'postgres:16',
    containerPort: 5432,
    compose: { project: 'shop', service: 'db' },
    directory: '/work/shop, the second',
  })
  expect(containers.get(9001)).toMatchObject({ name: 'minio', containerPort: 9101 })
  expect(containers.get(9001)?.compose).toBeUndefined()
  const asked: unknown[] = []
  const found = await findContainers('/usr/bin/docker', async (file, args) => {
    asked.push(file, args[0])
    return output
  })
  expect(found).toEqual(containers)
  expect(asked).toEqual(['/usr/bin/docker', 'ps'])
})

test('a daemon that does not answer has no containers', async () => {
  expect((await findContainers('docker', async () => undefined)).size).toBe(0)
})

test('any output is survived', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
      for (const [port, { name }] of parseDockerPs(lines.join('\n'))) {
        expect(port).toBeLessThan(65_536)
        expect(typeof name).toBe('string')
      }
    }),
  )
})
