/**
 * The part of Vite DevTools' interface that is used, as `@vitejs/devtools-kit` 0.8 has it (and as it
 * has been since its first releases): DevTools calls `devtools.setup(context)` of every plugin that
 * has it, once for each server, after all `configureServer` hooks' plugins have been resolved.
 * Nothing of it is imported, so whoever has no DevTools loads nothing.
 */
export interface DevtoolsContext {
  readonly mode?: 'dev' | 'build'
  readonly docks?: {
    register(entry: DockEntry, force?: boolean): unknown
  }
}

/** An entry that shows a page in a frame. */
export interface DockEntry {
  readonly id: string
  readonly title: string
  /** A URL, a data URI, or a name of Iconify's. */
  readonly icon: string | { readonly light: string; readonly dark: string }
  readonly type: 'iframe'
  readonly url: string
  readonly category?: string
}

/** The `devtools` hook of a Vite plugin. */
export interface DevtoolsHook {
  setup(context: DevtoolsContext): void
}

/** Three ports on a line, in the colour that the theme needs. */
const icon = (color: string): string =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="${color}" stroke-width="2" stroke-linecap="round"><path d="M3 12h3m6 0h0m6 0h3"/><circle cx="9" cy="12" r="3"/><circle cx="15" cy="12" r="3" fill="${color}"/></svg>`,
  )}`

/**
 * A dock entry in Vite DevTools that opens the status page.
 *
 * @param url Of the status page; `undefined` when this config's server has none, as in a build.
 */
export function devtoolsDock(url: () => string | undefined): DevtoolsHook {
  return {
    setup({ mode, docks }) {
      const page = url()
      // An interface that is still on the move: what isn't there is left alone.
      if (mode === 'build' || page === undefined || typeof docks?.register !== 'function') return
      docks.register(
        {
          id: 'unplugin-ports',
          title: 'Ports',
          icon: { light: icon('#1c2430'), dark: icon('#eef1f5') },
          type: 'iframe',
          url: page,
        },
        // A restarted server registers it again.
        true,
      )
    },
  }
}
