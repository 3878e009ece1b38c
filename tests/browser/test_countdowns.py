"""The countdowns of the page: of a slow room, and until the next attempt to connect."""

from tests.browser.chat_page import ChatPage

#: How many timers run once each state is shown, in turn.
_COUNT_TIMERS = """async () => {
  const [{createComposerNote}, {createStatusBar}, {INITIAL_STATE, withRoom}] = await Promise.all(
    ['composer_note', 'status_bar', 'state'].map((name) => import(`/static/${name}.js`)))
  const kept = ['setInterval', 'setTimeout', 'clearInterval', 'clearTimeout']
    .map((name) => [name, window[name]])
  const timers = new Set()
  let last = 0
  window.setInterval = window.setTimeout = () => { timers.add(last += 1); return last }
  window.clearInterval = window.clearTimeout = (id) => timers.delete(id)
  const elements = (...names) =>
    Object.fromEntries(names.map((name) => [name, document.createElement('button')]))
  const components = [
    createComposerNote(elements('note', 'reason', 'countdown')),
    createStatusBar(elements('body', 'server', 'status', 'countdown', 'leave'), {}),
  ]
  const slow = withRoom({...INITIAL_STATE, nickname: 'ice'}, '#lobby', (room) => (
    {...room, settings: {...room.settings, slow: 60}, wroteAt: Date.now()}))
  const lost = {...INITIAL_STATE, connection: {state: 'reconnecting', until: Date.now() + 9000}}
  const counts = [INITIAL_STATE, slow, slow, lost, lost, INITIAL_STATE].map((state) => {
    components.forEach((show) => show(state))
    return timers.size
  })
  kept.forEach(([name, value]) => { window[name] = value })
  return counts
}"""


def test_a_timer_runs_only_while_something_counts_down(module_page: ChatPage) -> None:
    assert module_page.run(_COUNT_TIMERS) == [0, 1, 1, 1, 1, 0]
