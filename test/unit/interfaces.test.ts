import { expect, test } from 'vitest'
import { listInterfaces } from '../../src/net/interfaces.ts'

test('a system that does not list its interfaces is survived', () => {
  const forbidden = (): never => {
    throw Object.assign(new Error('uv_interface_addresses returned 13'), {
      code: 'ERR_SYSTEM_ERROR',
    })
  }
  expect(listInterfaces(forbidden)).toBeUndefined()
  expect(listInterfaces(() => ({ lo: [] }))).toEqual({ lo: [] })
})
