import type { HealthReport, ServiceReport, StatusReport } from './report.ts'

/**
 * The report for readers who are not at this machine: what the services are and where they are, and
 * nothing of paths, processes and reasons, in which those are named.
 */
export function forRemote(report: StatusReport): StatusReport {
  const { identity, services, checkouts, events } = report
  const { root: _r, checkout: _c, pid: _p, ...known } = identity
  return {
    v: report.v,
    at: report.at,
    reader: 'remote',
    identity: { ...known, label: identity.branch ?? '' },
    services: services.map(serviceForRemote),
    checkouts: checkouts.map(({ branch, services: theirs }) => ({
      ...(branch && { branch }),
      services: theirs.map(({ pid: _pid, command: _command, ...rest }) => rest),
    })),
    pools: report.pools,
    events: events
      .filter(({ kind }) => kind !== 'warning')
      .map(({ id, at, kind, service }) => ({
        id,
        at,
        kind,
        text: '',
        ...(service && { service }),
      })),
  }
}

function serviceForRemote(report: ServiceReport): ServiceReport {
  const { service, port, protocol, url, link, state, description, source, since, health } = report
  return {
    service,
    port,
    ...(protocol && { protocol }),
    // A socket's URL is its path.
    ...(url !== undefined && report.path === undefined && { url }),
    link,
    state,
    ...(description && { description }),
    ...(report.sharedWith !== undefined && { sharedWith: report.sharedWith }),
    ...(source && { source }),
    ...(since && { since }),
    ...(health && { health: healthForRemote(health) }),
    variables: [],
    actions: [],
  }
}

function healthForRemote({ state, since, latencyMs, history }: HealthReport): HealthReport {
  return { state, since, ...(latencyMs !== undefined && { latencyMs }), history }
}
