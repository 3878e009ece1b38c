/** What the page can do besides chatting: pick emoji, invite others, notify, show a badge. */

import { createEmojiPicker } from "./emoji_picker.js";
import { createInvite } from "./invite.js";

/** Add it all to the page; the returned components are drawn after the others. */
export function createExtras({ tools, form, field, menu }, session) {
  createInvite(menu, session.url);
  return [createEmojiPicker({ tools, form, field })];
}
