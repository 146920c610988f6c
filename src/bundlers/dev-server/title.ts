import { prefixTitle } from '../title.ts'
import type { AnyCompiler, HtmlPluginClass } from './types.ts'

/** Puts what `prefix` says before the titles of the pages that an HTML plugin of this compiler makes. */
export function prefixTitles(compiler: AnyCompiler, prefix: () => string | undefined): void {
  compiler.hooks.compilation.tap('unplugin-ports', (compilation) => {
    if (prefix() === undefined) return
    for (const { getCompilationHooks, getHooks } of htmlPlugins(compiler)) {
      const hooks = (getCompilationHooks ?? getHooks)?.(compilation)
      hooks?.beforeEmit.tap('unplugin-ports', (data) => {
        const wanted = prefix()
        if (wanted !== undefined) data.html = prefixTitle(data.html, wanted)
        return data
      })
    }
  })
}

/** The classes of html-webpack-plugin and `HtmlRspackPlugin`, found by what they offer. */
function htmlPlugins({ options }: AnyCompiler): Set<HtmlPluginClass> {
  const classes = (options.plugins ?? []).flatMap((plugin): HtmlPluginClass[] => {
    const found = (plugin as object | null)?.constructor as HtmlPluginClass | undefined
    const isHtml = /^Html.*Plugin$/.test(found?.name ?? '')
    return found && isHtml && (found.getCompilationHooks ?? found.getHooks) ? [found] : []
  })
  return new Set(classes)
}
