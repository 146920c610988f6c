import type { StartHint } from './adapter.ts'

/** The text of the 502 answer while nothing listens on a proxied service's port. */
export function missingServerText(hint: StartHint, url: string): string {
  const { service, port, variable, envFile, description } = hint
  const about = description ? ` (${description})` : ''
  return [
    `502: nothing answers on port ${port}, the port of the "${service}" service${about}.`,
    '',
    `  asked for   ${url}`,
    `  forwarded   http://localhost:${port}`,
    variable && `  variable    ${variable}=${port}${envFile ? ` (in ${envFile})` : ''}`,
    '',
    `${startSentence(hint)} Then load this again.`,
    '',
  ]
    .filter((line) => line !== undefined)
    .join('\n')
}

/** One line for the terminal. */
export function missingServerLine(hint: StartHint, url: string): string {
  return `${url}: nothing answers on port ${hint.port} ("${hint.service}"). ${startSentence(hint)}`
}

function startSentence({ service, port, variable, envFile, command }: StartHint): string {
  if (command) return `Start it with \`${command}\`, listening on port ${port}.`
  const where = variable ? `${variable}${envFile ? ` from ${envFile}` : ''}` : `port ${port}`
  const example = variable && envFile ? ` (with Node: \`node --env-file=${envFile} …\`)` : ''
  return `Start the ${service} server on ${where}${example}.`
}
