import type { EffectiveOptions } from '../config/effective-options.ts'
import type { RunRequest } from './adapter.ts'

/** A request together with the way to make it again after an edit of the config file. */
export function configured(
  found: EffectiveOptions,
  make: (found: EffectiveOptions) => RunRequest,
): RunRequest {
  const { file, stamp } = found
  const request = make(found)
  if (file === undefined) return request
  return {
    ...request,
    config: { file, stamp, reread: async () => configured(await found.again(), make) },
  }
}
