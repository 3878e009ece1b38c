/** What the page can do besides chatting: pick emoji, invite others, notify, show a badge. */

import { createBadge } from "./badge.js";
import { createEmojiPicker } from "./emoji_picker.js";
import { createInvite } from "./invite.js";
import { createNotifications } from "./notifications.js";

/** Add it all to the page; the returned components are drawn after the others. */
export function createExtras({ tools, form, field, menu, favicon }, session) {
  const notifications = createNotifications(menu, session.selectRoom);
  session.onCommand("show-invite", createInvite(menu, session.url));
  return [createEmojiPicker({ tools, form, field }), notifications, createBadge(favicon)];
}
