/** What differs between the pages of the playgrounds with an API. */
export interface AppTexts {
  /** Its folder: `'vite'`. */
  readonly name: string
  /** The npm script that starts it: `'play'`. */
  readonly script: string
  /** Who serves the page, in the table of ports: `'webpack-dev-server'`. */
  readonly server: string
  /** What happens at the moment the ports are chosen, as a clause: `'Vite reads its config'`. */
  readonly beginning: string
  /** What follows when somebody writes another `API_PORT` into the env file. */
  readonly afterMove: string
}

/** The panels below the ports. The texts are the playground's own, so they need no escaping. */
export function renderPanels(texts: AppTexts): string {
  return apiPanel(texts) + hotPanel(texts) + originPanel(texts) + tryPanel(texts)
}

function apiPanel({ name }: AppTexts): string {
  return /* HTML */ `<section class="panel wide" aria-labelledby="api-title">
    <h2 id="api-title">The API, through the proxy</h2>
    <div class="stack" id="api-up">
      <p class="figure"><strong data-field="roundTrip">–</strong> for a round trip</p>
      <div class="bars" id="round-trips" aria-hidden="true"></div>
      <dl class="facts">
        <div>
          <dt>Process</dt>
          <dd data-field="pid">–</dd>
        </div>
        <div>
          <dt>Up for</dt>
          <dd data-field="uptime">–</dd>
        </div>
        <div>
          <dt>Requests</dt>
          <dd data-field="requests">–</dd>
        </div>
        <div>
          <dt>WebSocket tick</dt>
          <dd data-field="tick">–</dd>
        </div>
        <div>
          <dt>Memory</dt>
          <dd data-field="memory">–</dd>
        </div>
      </dl>
    </div>
    <div class="stack" id="api-down" role="status" hidden>
      <pre class="excuse" data-field="excuse"></pre>
      <p class="about">
        In this playground: <code>node playground/${name}/api.mjs</code>. The page asks every second
        and goes on by itself.
      </p>
    </div>
  </section>`
}

function hotPanel({ name }: AppTexts): string {
  return /* HTML */ `<section class="panel slim" aria-labelledby="hot-title">
    <h2 id="hot-title">Edit a file and watch</h2>
    <p>Open <code>playground/${name}/src/accent.ts</code>, change the number, save.</p>
    <pre class="snippet"><code>export const hue = <b data-field="hue"></b></code></pre>
    <dl class="facts">
      <div>
        <dt>Hot updates</dt>
        <dd data-field="updates">0</dd>
      </div>
      <div>
        <dt>Page open for</dt>
        <dd data-field="open">0 s</dd>
      </div>
    </dl>
    <p>The colours follow. The clock, the bars and the socket go on: nothing was reloaded.</p>
  </section>`
}

function originPanel({ beginning }: AppTexts): string {
  return /* HTML */ `<section class="panel wide" aria-labelledby="origin-title">
    <h2 id="origin-title">Older than its server</h2>
    <p class="figure">
      <strong data-field="lead">–</strong> from the reservation to the start of the API
    </p>
    <ol class="steps">
      <li>
        <span class="when">+ 0 ms</span>
        <p>
          ${beginning}, at <span data-field="since">–</span>. Port
          <strong data-field="port">–</strong> is reserved (<span data-field="holder">–</span>), the
          proxy points at it, <code>API_PORT</code> is in <code>.env.local</code>.
        </p>
      </li>
      <li>
        <span class="when" data-field="started">–</span>
        <p>The API's process starts (pid <span data-field="apiPid">–</span>) and reads it.</p>
      </li>
      <li>
        <span class="when" data-field="listening">–</span>
        <p>It listens on the number that was kept for it.</p>
      </li>
    </ol>
  </section>`
}

function tryPanel({ script, afterMove }: AppTexts): string {
  return /* HTML */ `<section class="panel slim" aria-labelledby="try-title">
    <h2 id="try-title">Try to break it</h2>
    <dl class="tries">
      <div>
        <dt>Stop the API</dt>
        <dd>
          <code>kill <span data-field="pid">pid</span></code
          >, then start it again as the terminal says. This page notices both.
        </dd>
      </div>
      <div>
        <dt>Choose its port yourself</dt>
        <dd>
          Write <code>API_PORT=3456</code> at the top of <code>.env.local</code>. ${afterMove}
        </dd>
      </div>
      <div>
        <dt>Run a second copy</dt>
        <dd>
          <code>npm run ${script}</code> in another checkout. Neither gets in the other's way.
        </dd>
      </div>
    </dl>
  </section>`
}
