/** Somebody has the port on another address of `localhost` than the service has. */
export function besideLine(service: string, port: number, who: string): string {
  return `port ${port} ("${service}") is also served by ${who}, on another address of localhost: requests may reach either. Stop that server, or bind both addresses.`
}

/** A service has lost its port. `next` says what is done about it. */
export function lostLine(service: string, port: number, who: string, next: string): string {
  return `port ${port}, reserved for "${service}", is taken by ${who}. ${next}`
}
