/** Tells a process which service's server it is. */
export const SERVICE_VARIABLE = 'UNPLUGIN_PORTS_SERVICE'
