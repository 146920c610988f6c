import { type TabServer, watchServer } from './notice-client.ts'
import { keepTitle } from './title-client.ts'

/** What pages of a server are told by their script. */
export interface ClientFacts {
  readonly server: TabServer
  /** See {@link watchServer}. */
  readonly notice: boolean
  /** What goes before the titles of pages; `undefined` when nothing should. */
  readonly titlePrefix: string | undefined
}

/** Source of `/__ports/client.js`. */
export function renderClient({ server, notice, titlePrefix }: ClientFacts): string {
  const title = titlePrefix !== undefined && call(keepTitle, literal(titlePrefix))
  const watch = notice && call(watchServer, literal(server), 'source', literal(STYLE))
  // Frameworks that take over the whole document must find it as they rendered it. Some loaders of
  // TypeScript name functions with a helper of theirs, which no page has.
  return `(() => {
const __name = (value) => value
const script = document.currentScript
const source = script ? script.src : location.origin + '/__ports/client.js'
if (script) script.remove()
${[title, watch].filter(Boolean).join('\n')}
})()
`
}

function call(work: (...args: never) => unknown, ...args: readonly string[]): string {
  return `;(${work.toString()})(${args.join(', ')})`
}

function literal(value: unknown): string {
  return JSON.stringify(value)
}

/** Stands on its own whatever the app's style is; says who is speaking by its quiet frame. */
const STYLE = `
:host { all: initial; color-scheme: light dark }
section {
  --ink: #1c2430; --soft: #55606f; --paper: #fff; --line: #d5dbe3; --mark: #b45309;
  --fill: #1c2430; --on-fill: #fff;
  position: fixed; inset: auto 16px 16px auto; z-index: 2147483647; box-sizing: border-box;
  width: 360px; max-width: calc(100vw - 32px); padding: 14px 16px;
  font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-left: 4px solid var(--mark); border-radius: 10px;
  box-shadow: 0 8px 28px #0003; overflow-wrap: anywhere;
}
strong { display: block; font-weight: 600 }
p { margin: 2px 0 0; color: var(--soft) }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px }
a, button {
  display: inline-flex; align-items: center;
  font: inherit; cursor: pointer; padding: 5px 12px; border-radius: 7px; min-height: 34px;
  box-sizing: border-box; text-decoration: none; color: var(--ink); background: none;
  border: 1px solid var(--line);
}
a { color: var(--on-fill); background: var(--fill); border-color: var(--fill) }
a:hover, button:hover { filter: brightness(1.15); border-color: var(--soft) }
a:focus-visible, button:focus-visible { outline: 2px solid #2563eb; outline-offset: 2px }
@media (prefers-color-scheme: dark) {
  section {
    --ink: #eef1f5; --soft: #a9b3c0; --paper: #1b212a; --line: #3a4452; --mark: #f59e0b;
    --fill: #eef1f5; --on-fill: #1b212a;
  }
  a:focus-visible, button:focus-visible { outline-color: #93c5fd }
}
@media (max-width: 480px) { section { inset: auto 12px 12px; width: auto; max-width: none } }
@media (pointer: coarse) { a, button { min-height: 44px; padding: 5px 16px } }
@media (prefers-reduced-motion: no-preference) {
  section { animation: rise .18s ease-out }
  @keyframes rise { from { transform: translateY(8px); opacity: 0 } }
}
@media print { section { display: none } }
`
