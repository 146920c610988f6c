import type { EffectiveOptions } from '../config/effective-options.ts'
import type { RunRequest } from './adapter.ts'

/** A request together with the way to make it again after an edit of the config file. */
export function configured(
  found: EffectiveOptions,
  make: (found: EffectiveOptions) => RunRequest,
): RunRequest {
  const { file, stamp, root, checkout } = found
  const request = make(found)
  return {
    ...request,
    ...(checkout && request.root === root && { checkout }),
    config: {
      file,
      stamp,
      places: () => found.places(),
      reread: async () => configured(await found.again(), make),
    },
  }
}
