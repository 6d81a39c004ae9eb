export { chainToAnchor, checkCertificate } from './check-certificate.js';
export { fillLine, vietnamTime } from './fill-line.js';
export { StoredImages, type ImageSource } from './image-source.js';
export { prepareStep } from './prepare-step.js';
