import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../src/net/owners/linux-process.ts'
import { shortenCommand } from '../../src/utils/shorten-command.ts'

describe('names', () => {
  it.each([
    // Tools of node_modules, by their own name.
    ['/usr/bin/node /home/me/shop/node_modules/.bin/vite --port 3000', 'vite --port 3000'],
    ['node node_modules/.bin/next dev', 'next dev'],
    ['node /shop/node_modules/vite/bin/vite.js', 'vite'],
    ['node /shop/node_modules/next/dist/bin/next dev', 'next dev'],
    ['node /shop/node_modules/@angular/cli/bin/ng.js serve', 'ng serve'],
    ['node /shop/node_modules/webpack-cli/bin/cli.js serve', 'webpack-cli serve'],
    ['node /shop/node_modules/next/dist/server/lib/start-server.js', 'next'],
    ['node /shop/node_modules/@nuxt/devtools/server.mjs', '@nuxt/devtools'],
    ['node /shop/node_modules/.pnpm/vite@8.0.0/node_modules/vite/bin/vite.js build', 'vite build'],
    ['/shop/node_modules/@esbuild/linux-x64/bin/esbuild --serve', 'esbuild --serve'],
    ['node /usr/lib/node_modules/npm/bin/npm-cli.js run dev', 'npm run dev'],
    ['node /usr/local/bin/npm run dev', 'npm run dev'],
    // Scripts of the project.
    ['node api.js', 'node api.js'],
    ['/usr/bin/node /home/me/shop/src/server.js --verbose', 'node server.js --verbose'],
    ['node bin/www', 'node www'],
    ['node --inspect=9229 --require ./a.cjs --import tsx server.ts', 'node server.ts'],
    ['node -e "listen(3000)"', 'node -e …'],
    ['node', 'node'],
    ['node --watch', 'node'],
    // Other runtimes.
    ['/home/me/.bun/bin/bun run dev', 'bun run dev'],
    ['deno run -A --config deno.json /shop/main.ts', 'deno run main.ts'],
    ['deno run -A npm:@scope/tool', 'deno run npm:@scope/tool'],
    ['/usr/bin/python3.12 -m http.server 8000', 'python3.12 -m http.server 8000'],
    ['/usr/bin/python3 /shop/.venv/bin/uvicorn app:main', 'uvicorn app:main'],
    ['/usr/bin/python3 manage.py runserver', 'python3 manage.py runserver'],
    // Neither.
    ['/usr/bin/docker-proxy -proto tcp', 'docker-proxy -proto tcp'],
    ['php -S localhost:8000 -t public', 'php -S localhost:8000 -t public'],
    ['nginx: master process /usr/sbin/nginx', 'nginx: master process /usr/sbin/nginx'],
    ['next-server (v15.1.0)', 'next-server (v15.1.0)'],
    // Windows.
    [
      '"C:\\Program Files\\nodejs\\node.exe"   "C:\\my shop\\node_modules\\vite\\bin\\vite.js" --port 3000',
      'vite --port 3000',
    ],
    ['"C:\\Program Files\\nodejs\\node.exe" C:\\shop\\api.js', 'node api.js'],
    ['svchost.exe', 'svchost'],
    ['', ''],
    ['   ', ''],
  ])('%s -> %s', (command, expected) => {
    expect(shortenCommand(command)).toBe(expected)
  })

  it('takes arguments as well, and a title that stands as the only one', () => {
    expect(shortenCommand(['/usr/bin/node', '/my shop/api server.js', '-v'])).toBe(
      'node api server.js -v',
    )
    expect(shortenCommand(['npm run dev'])).toBe('npm run dev')
    expect(shortenCommand([])).toBe('')
  })
})

describe('secrets', () => {
  it.each([
    ['deploy --token=s3cret', 'deploy --token=***'],
    ['deploy --token s3cret --port 1', 'deploy --token *** --port 1'],
    ['deploy --API-Key s3cret', 'deploy --API-Key ***'],
    ['deploy --db-password=s3=cret', 'deploy --db-password=***'],
    ['deploy -authToken -s3cret', 'deploy -authToken ***'],
    ['deploy --passwd "a s3cret" b', 'deploy --passwd *** b'],
    ['deploy "--password=a s3cret"', 'deploy --password=***'],
    ['env CLIENT_SECRET=s3cret node api.js', 'env CLIENT_SECRET=*** node api.js'],
    ['psql postgres://me:s3cret@db/shop', 'psql postgres://***@db/shop'],
    ['psql postgres://me:s3#cr/e@t@db/shop', 'psql postgres://***@db/shop'],
    ['git clone https://s3cret@host/shop', 'git clone https://***@host/shop'],
    ['open http://host/?a=1&access_token=s3cret&b=2', 'open http://host/?a=1&access_token=***'],
    ['curl -H "Authorization: Bearer s3cret"', 'curl -H Authorization: ***'],
    ['curl -H Authorization: Bearer s3cret x', 'curl -H Authorization: *** *** x'],
    ['tool {"id":1,"token":"s3cret"}', 'tool {id:1,token:***'],
    ['sh -c "deploy --token s3cret now"', 'sh -c deploy --token *** now'],
    ['node --env-file x api.js --secret s3cret', 'node api.js --secret ***'],
  ])('%s', (command, expected) => {
    expect(shortenCommand(command)).toBe(expected)
  })

  it('masks in JSON with its quotes', () => {
    expect(shortenCommand(['tool', '{"token":"s3cret"}'])).toBe('tool {"token":***')
    expect(shortenCommand(['tool', "{ 'apiKey' : 's3cret' }"])).toBe("tool { 'apiKey' :***")
  })

  it.each([
    'npm run auth:dev',
    'serve --no-auth 3000',
    'serve --auth --port 3000',
    'open http://localhost:3000/@fs/shop',
    'node auth.js --port 3000',
  ])('leaves %s alone', (command) => {
    expect(shortenCommand(command)).toBe(command)
  })

  it('never shows the value, wherever the option stands', () => {
    const word = fc.stringMatching(/^[a-z./=-]{1,12}$/)
    const option = fc.constantFrom('--token', '--my-secret', '-password', '--api_key', '--x-auth')
    const value = fc.string({ unit: 'binary', maxLength: 10 }).map((s) => `${s}S3CRET ${s}S3CRET`)
    fc.assert(
      fc.property(fc.array(word), option, fc.boolean(), value, (before, option, joined, value) => {
        fc.pre(joined || !/^[\s\p{C}]*--/u.test(value))
        // A word before that announces a secret hides the option itself, and so what it announces.
        fc.pre(!before.some((word) => word.startsWith('-')))
        const words = joined ? [`${option}=${value}`] : [option, value]
        const argv = ['tool', ...before, ...words]
        expect(shortenCommand(argv, 4000)).not.toContain('S3CRET')
        const line = parseCommandLine(argv.map((arg) => `${arg.replaceAll('\0', '')}\0`).join(''))
        expect(shortenCommand(line, 4000)).not.toContain('S3CRET')
      }),
    )
  })
})

describe('safe to print', () => {
  it.each([
    ['node \u001B[31mred\u001B[0m.js', 'node red.js'],
    ['node \u001B]0;owned\u0007api.js', 'node api.js'],
    ['node api.js\r\nfake line', 'node api.js fake line'],
    ['node \u009B2Japi.js\u0000\u007F', 'node api.js'],
    ['node \u202Esj.ipa', 'node sj.ipa'],
    ['node --to\u0000ken=s3cret api.js --to\u200Bken=s3cret', 'node api.js --token=***'],
  ])('%j', (command, expected) => {
    expect(shortenCommand(command)).toBe(expected)
  })

  it('has no control character and no more than maxLength characters, whatever comes', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.array(anything, { maxLength: 5 })),
        fc.integer({ min: 1, max: 80 }),
        (command, maxLength) => {
          const short = shortenCommand(command, maxLength)
          expect(short).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          expect(Array.from(short).length).toBeLessThanOrEqual(maxLength)
        },
      ),
    )
  })

  it('ends in an ellipsis when it was cut, between whole characters', () => {
    expect(shortenCommand('vite --port 3000', 16)).toBe('vite --port 3000')
    expect(shortenCommand('vite --port 3000', 15)).toBe('vite --port 30…')
    expect(shortenCommand('vite --port 3000', 13)).toBe('vite --port…')
    expect(shortenCommand('a😀😀😀', 3)).toBe('a😀…')
    expect(shortenCommand(`run ${'x'.repeat(100)}`)).toHaveLength(60)
  })

  it('is quick with very long input', () => {
    for (const unit of [
      '"',
      '{token',
      '\\"',
      'token',
      'a://b:',
      '-',
      'node_modules/',
      '\u001B[',
      ' ',
    ]) {
      const startedAt = performance.now()
      shortenCommand(unit.repeat(200_000))
      shortenCommand(['node', unit.repeat(200_000)])
      expect(performance.now() - startedAt).toBeLessThan(1000)
    }
  })
})
