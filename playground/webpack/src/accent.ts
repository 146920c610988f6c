// Change the number and save. The colours follow; everything else on the page stays as it is.
export const hue = 245
