import { basename } from 'node:path'
import { blockVariables } from '../output/variables.ts'
import { networkUrls } from '../reservation/network-urls.ts'
import { areasOf } from '../reservation/utilisation.ts'
import type { StatusSource } from '../status/source.ts'
import { publishedServices, type RunFacts, startHintOf, summaryRows } from './run-facts.ts'
import type { SessionWorld } from './world.ts'

/** What a run tells the status page. `facts` are asked for each time: a run goes on with others. */
export function statusSource(facts: () => RunFacts, world: SessionWorld): StatusSource {
  return {
    world,
    get session() {
      return facts().use.session
    },
    get envFile() {
      return facts().files.blockName
    },
    get notice() {
      return facts().request.options.notice
    },
    get titlePrefix() {
      const { request, use } = facts()
      const { branch, dir } = use.session.checkout
      return request.options.titlePrefix ? (branch ?? basename(dir)) : undefined
    },
    networkUrls() {
      const { reservations } = facts().use
      const server = reservations.get('dev') ?? reservations.get('preview')
      return server ? networkUrls(server) : []
    },
    rows: () => summaryRows(facts()),
    reservation: (service) => facts().use.reservations.get(service),
    isProbed(service) {
      const { services } = facts().request
      const found = services.find((host) => host.service.name === service)
      return found !== undefined && (!found.hold || found.service.healthGiven)
    },
    variables(service) {
      const { request, files } = facts()
      const { env } = request.options
      if (!env || files.blockName === undefined) return []
      const published = publishedServices(facts()).filter((one) => one.service === service)
      return [...blockVariables(published, env.prefix, files.users, files.blockName).variables]
    },
    startCommand(service) {
      const { state } = facts().use.reservations.get(service) ?? {}
      return state === 'leased' ? startHintOf(service, facts()).command : undefined
    },
    areas() {
      const { options, services } = facts().request
      const given = services.flatMap(({ service }) => (service.rangeGiven ? [service] : []))
      return areasOf(options.pools, given, [])
    },
  }
}
