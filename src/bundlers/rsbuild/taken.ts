import { PortsError } from '../../errors.ts'
import type { PortReservation } from '../../reservation/reservation.ts'

/** Another program bound the port while Rsbuild was checking whether it may have it. */
export function takenMeanwhile({ service, port }: PortReservation): PortsError {
  return new PortsError(
    'PORTS_TAKEN',
    `Another program took port ${port} of "${service}" while Rsbuild was checking it. Start again: another port will be chosen.`,
    {
      problems: [
        {
          service,
          code: 'PORTS_TAKEN',
          attempts: [{ port, source: 'preferred', rejected: 'in-use' }],
        },
      ],
    },
  )
}
