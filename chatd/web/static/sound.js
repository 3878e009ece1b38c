/** A short sound, made by the browser: there is no file of it. */

/** The two tones: hertz, and when each begins, in seconds. */
const TONES = [
  [660, 0],
  [880, 0.12],
];
const TONE_SECONDS = 0.25;
const VOLUME = 0.15;

let context = null;

/** Allow the page to sound. Browsers do so only while they handle a click or a key. */
export function unlockSound() {
  try {
    context ??= new AudioContext();
    context.resume().catch(() => {});
  } catch {
    context = null; // this browser has no Web Audio, or no device for it
  }
}

/** Play the sound, if the page is allowed to. */
export function playSound() {
  if (context?.state !== "running") {
    return;
  }
  for (const [hertz, delay] of TONES) {
    const start = context.currentTime + delay;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(VOLUME, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_SECONDS);
    tone.connect(volume);
    volume.connect(context.destination);
    tone.start(start);
    tone.stop(start + TONE_SECONDS);
  }
}
