import { transform } from 'esbuild'

/** Takes the types out of TypeScript. */
export default async function esbuildLoader(source) {
  const { code } = await transform(source, { loader: 'ts', sourcefile: this.resourcePath })
  return code
}
