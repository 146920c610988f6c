import { relative, resolve } from 'node:path'
import { type FixedPort, fixedPorts } from '../../compose/fixed.ts'
import { OVERRIDE_MARK, renderOverride } from '../../compose/override.ts'
import { type ComposePort, type ComposeProject, readCompose } from '../../compose/project.ts'
import { PortsError } from '../../errors.ts'
import { composeClashes, type ComposeClash } from '../../machine/compose-clashes.ts'
import { hereOf } from '../../machine/leases-here.ts'
import { writeFileAtomicSync } from '../../utils/atomic-write.ts'
import { describeFileError, fileErrorCode } from '../../utils/file-error.ts'
import { readText } from '../../utils/read-text.ts'
import type { RunCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'

/** `ports compose` */
export const run: RunCommand = async (input, io) => {
  const { cwd, env, place } = input.world
  const file = input.text('file')
  if (input.has('write') && !input.has('override')) {
    throw input.mistake('--write needs --override.')
  }
  const project = readCompose({ directory: cwd, env, ...(file !== undefined && { files: [file] }) })
  if (!project) {
    throw new PortsError(
      'PORTS_COMPOSE',
      `there is no compose file in ${cwd}. Go to its directory, or name it with --file.`,
    )
  }
  const clashes = await composeClashes(project, hereOf(cwd, place), { place, env })
  if (input.has('override')) {
    const fixed = input.has('all') ? fixedPorts(project) : clashes
    for (const { message } of project.problems) io.err(message)
    return makeOverride(project, fixed, input, io.out, io.err)
  }
  if (input.has('json')) io.json(documentOf(project, clashes))
  else {
    io.out(tableOf(project).join('\n') || 'No port is published.')
    for (const { text } of clashes) io.err(text)
    for (const { message } of project.problems) io.err(message)
  }
  return clashes.length + project.problems.length > 0 ? EXIT.failed : EXIT.ok
}

function makeOverride(
  project: ComposeProject,
  fixed: readonly FixedPort[],
  input: CommandInput,
  out: (text: string) => void,
  err: (text: string) => void,
): number {
  const text = renderOverride(project, fixed)
  if (text === undefined) {
    err('Nothing clashes, so there is nothing to override. --all is about every fixed port.')
    return EXIT.ok
  }
  const name = input.text('write')
  if (name === undefined) {
    out(text.trimEnd())
    return EXIT.ok
  }
  const path = resolve(input.world.cwd, name)
  const before = textOf(path)
  if (before !== undefined && !before.startsWith(OVERRIDE_MARK)) {
    throw new PortsError(
      'PORTS_COMPOSE',
      `${name} was not written by \`ports compose\`, so it stays as it is. Choose another file, or put the text of \`ports compose --override\` there.`,
    )
  }
  try {
    writeFileAtomicSync(path, Buffer.from(text))
  } catch (error) {
    throw new PortsError('PORTS_COMPOSE', `${name} was not written: ${describeFileError(error)}.`, {
      cause: error,
    })
  }
  err(`${name} says the ports of ${fixed.map(({ variable }) => variable).join(', ')}.`)
  return EXIT.ok
}

function textOf(path: string): string | undefined {
  try {
    return readText(path)
  } catch (error) {
    // It will be made.
    if (fileErrorCode(error) === 'ENOENT') return undefined
    const why = describeFileError(error)
    throw new PortsError(
      'PORTS_COMPOSE',
      `${path} can't be replaced: ${why}. Choose another file.`,
      {
        cause: error,
      },
    )
  }
}

function tableOf({ services }: ComposeProject): string[] {
  const rows = services.flatMap(({ name, active, profiles, ports }) =>
    ports.map((port) => [
      name,
      `${port.containerPort}${port.protocol === 'udp' ? '/udp' : ''}`,
      hostOf(port),
      active ? '' : `only with --profile ${profiles[0]}`,
    ]),
  )
  const widths = [0, 1, 2].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function hostOf({ variable, byDefault, hostPorts }: ComposePort): string {
  if (variable === undefined) return hostPorts ? `${hostPorts.from} fixed` : 'any'
  return `${variable}${byDefault === undefined ? '' : `, default ${byDefault}`}`
}

function documentOf(project: ComposeProject, clashes: readonly ComposeClash[]): object {
  const { directory, files, services, problems } = project
  return {
    v: 1,
    directory,
    files: files.map((file) => relative(directory, file) || file),
    services: services.map(({ name, active, profiles, ports }) => ({
      name,
      active,
      profiles,
      ports: ports.map((port) => {
        const clash = clashes.find((one) => one.service === name && one.port === port)
        const { view } = clash ?? {}
        return { ...port, ...(view && { clash: view }) }
      }),
    })),
    problems,
  }
}
