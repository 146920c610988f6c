import type { Answer } from './answers.ts'

/**
 * The page without any data; its script asks for that.
 *
 * @param token What the page brings along to change something; absent for readers who may not.
 */
export function documentAnswer(token: string | undefined): Answer {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${token === undefined ? '' : `<meta name="ports-token" content="${token}">\n`}<title>Ports</title>
<link rel="icon" href="./icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="./page.css">
<script type="module" src="./page.js"></script>
</head>
<body>
<noscript><p class="noscript">This page shows its services with JavaScript. The same facts: <a href="./status.json">status.json</a>.</p></noscript>
</body>
</html>
`
  return { status: 200, type: 'text/html; charset=utf-8', body }
}
