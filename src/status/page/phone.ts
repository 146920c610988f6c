import { el } from './dom.ts'

/** Shows where a phone reaches the server, as a code for its camera and as a link. */
export function showPhone(url: string): void {
  const dialog = el(
    'dialog',
    { class: 'dialog phone', 'aria-labelledby': 'phone-title' },
    el(
      'form',
      { method: 'dialog' },
      el('h2', { id: 'phone-title' }, 'Open on a phone'),
      el('p', { class: 'note' }, 'For devices in the same network.'),
      el('img', { src: './qr.svg', alt: `QR code of ${url}`, width: 232, height: 232 }),
      el('a', { href: url }, el('code', {}, url)),
      el(
        'div',
        { class: 'dialog-buttons' },
        el('button', { class: 'button strong', autofocus: true }, 'Close'),
      ),
    ),
  ) as HTMLDialogElement
  document.body.append(dialog)
  dialog.addEventListener('close', () => dialog.remove())
  dialog.showModal()
}
