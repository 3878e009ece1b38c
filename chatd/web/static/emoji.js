/** Common emoji, with their names; behind a bar, more words to find them by.
 *
 * A small part of Unicode, chosen by hand: those that people use most, and that systems of 2018 have.
 */

const TABLE = {
  "Faces": `
    😀 grinning face|happy
    😃 smiling face|happy
    😄 laughing eyes|happy joy
    😁 beaming face|grin
    😆 laughing face|lol haha
    😅 laughing with sweat|phew nervous
    😂 tears of joy|lol laughing haha
    🤣 rolling on the floor|lol laughing rofl
    😊 smiling with blush|happy thanks
    😇 angel|halo innocent
    🙂 slight smile|ok
    🙃 upside-down face|irony
    😉 wink
    😌 relieved face|calm
    😍 heart eyes|love
    🥰 smiling with hearts|love
    😘 blowing a kiss|love
    😋 yum|tasty delicious
    😛 tongue out
    😜 winking with tongue|joke
    🤪 zany face|crazy
    🤑 money face|rich
    🤗 hug|hugging
    🤭 hand over mouth|oops
    🤫 quiet|shush secret
    🤔 thinking|hmm
    🤐 zipped mouth|secret
    🤨 raised eyebrow|doubt
    😐 neutral face|meh
    😑 expressionless face|meh
    😶 no mouth|speechless
    😏 smirk
    😒 unamused face
    🙄 rolling eyes
    😬 grimace|awkward
    😮 surprised face|wow oh
    😲 astonished face|wow
    😳 flushed face|embarrassed
    🥺 pleading face|please
    😨 fearful face|scared
    😰 anxious face|sweat
    😢 crying face|sad
    😭 loudly crying|sad sob
    😱 screaming face|fear shock
    😖 confounded face
    😞 disappointed face|sad
    😓 downcast face|sweat
    😩 weary face|tired
    😫 tired face
    😤 snorting face|triumph
    😡 pouting face|angry mad
    😠 angry face|mad
    🤬 cursing face|swearing angry
    😈 devil|evil horns
    💀 skull|dead
    💩 pile of poo
    🤡 clown
    👻 ghost|halloween
    👽 alien
    🤖 robot|bot
    😺 smiling cat
    😹 laughing cat
    😻 cat with heart eyes
    🙀 weary cat|shock
    😴 sleeping face|zzz
    🤤 drooling face
    😪 sleepy face
    😷 medical mask|ill sick
    🤒 thermometer|ill sick fever
    🤕 bandaged head|hurt
    🤢 nauseated face|sick
    🤮 vomiting|sick
    🤧 sneezing|cold
    🥵 hot face|heat
    🥶 cold face|freezing
    🥴 woozy face|drunk
    😵 dizzy face
    🤯 exploding head|mind blown
    🤠 cowboy hat
    🥳 partying face|birthday
    😎 sunglasses|cool
    🤓 nerd
    🧐 monocle
    😕 confused face
    😟 worried face
    🙁 frown|sad
  `,
  "People and hands": `
    👋 waving hand|hello bye hi
    ✋ raised hand|stop high five
    🖖 vulcan salute|spock
    👌 ok hand|perfect
    ✌️ victory hand|peace
    🤞 crossed fingers|luck
    🤘 horns|rock
    🤙 call me hand
    👈 pointing left
    👉 pointing right
    👆 pointing up
    👇 pointing down
    👍 thumbs up|yes ok good +1 like
    👎 thumbs down|no bad -1
    ✊ raised fist
    👊 fist bump|punch
    👏 clapping hands|applause bravo
    🙌 raised hands|hooray
    👐 open hands
    🤲 palms up
    🤝 handshake|deal
    🙏 folded hands|please thanks pray
    ✍️ writing hand
    💪 strong arm|muscle
    👀 eyes|look
    👂 ear
    👃 nose
    🧠 brain
    👶 baby
    👦 boy
    👧 girl
    👨 man
    👩 woman
    👴 older man
    👵 older woman
    🙋 raising a hand|question me
    🤷 shrug|dunno
    🤦 facepalm
    🙇 bowing|sorry thanks
    🙅 no gesture
    🙆 ok gesture
    🏃 running|hurry
    💃 woman dancing|dance
    🕺 man dancing|dance
  `,
  "Hearts and signs": `
    ❤️ red heart|love
    🧡 orange heart|love
    💛 yellow heart|love
    💚 green heart|love
    💙 blue heart|love
    💜 purple heart|love
    🖤 black heart
    💔 broken heart
    💕 two hearts|love
    💖 sparkling heart|love
    💯 hundred points|100
    💥 collision|boom bang
    💦 splashing sweat
    💨 dashing away|wind
    💤 sleeping|zzz
    💬 speech balloon|chat
    ✅ check mark|done yes ok
    ❌ cross mark|no wrong
    ❓ question mark
    ❗ exclamation mark
    ⚠️ warning
    🚫 prohibited|no
    ⛔ no entry|stop
    ♻️ recycling
    ➕ plus
    ➖ minus
    ➡️ right arrow
    ⬅️ left arrow
    ⬆️ up arrow
    ⬇️ down arrow
    🔄 circling arrows|again refresh
    🆗 ok button
    🆕 new button
    🆘 sos button|help
    🔴 red circle
    🔵 blue circle
    ⚪ white circle
    ⚫ black circle
    🏁 chequered flag|finish
    🚩 red flag
  `,
  "Animals and nature": `
    🐶 dog
    🐱 cat
    🐭 mouse
    🐰 rabbit
    🦊 fox
    🐻 bear
    🐼 panda
    🦁 lion
    🐮 cow
    🐷 pig
    🐸 frog
    🐵 monkey
    🙈 see no evil|monkey
    🙉 hear no evil|monkey
    🙊 speak no evil|monkey
    🐔 chicken
    🐧 penguin
    🐦 bird
    🦆 duck
    🦉 owl
    🐺 wolf
    🐴 horse
    🦄 unicorn
    🐝 bee
    🐛 bug|insect
    🦋 butterfly
    🐌 snail
    🐞 ladybird|beetle bug
    🕷️ spider
    🐢 turtle
    🐍 snake
    🐙 octopus
    🦀 crab
    🐟 fish
    🐬 dolphin
    🐳 whale
    🐘 elephant
    🐑 sheep
    🌵 cactus
    🎄 christmas tree
    🌲 tree|evergreen
    🌴 palm tree
    🌱 seedling|plant
    🍀 four-leaf clover|luck
    🍂 fallen leaves|autumn
    🍄 mushroom
    🌹 rose
    🌷 tulip
    🌻 sunflower
    🌍 earth|world globe
    🌙 moon|night
    ⭐ star
    ✨ sparkles|clean new
    ⚡ lightning|electric
    🔥 fire|hot
    🌈 rainbow
    ☀️ sun|weather
    ⛅ sun behind cloud|weather
    ☁️ cloud|weather
    🌧️ rain|weather
    ❄️ snowflake|cold winter
    ⛄ snowman|winter
    🌊 wave|sea water
  `,
  "Food and drink": `
    🍎 apple
    🍐 pear
    🍊 orange|tangerine
    🍋 lemon
    🍌 banana
    🍉 watermelon
    🍇 grapes
    🍓 strawberry
    🍒 cherries
    🍑 peach
    🍍 pineapple
    🍅 tomato
    🥑 avocado
    🥕 carrot
    🌽 corn
    🌶️ chilli|hot pepper
    🥔 potato
    🍞 bread
    🥐 croissant
    🧀 cheese
    🥚 egg
    🥞 pancakes
    🥓 bacon
    🍔 burger
    🍟 chips|fries
    🍕 pizza
    🌭 hot dog
    🥪 sandwich
    🌮 taco
    🥗 salad
    🍝 pasta|spaghetti
    🍜 noodles|soup
    🍣 sushi
    🍚 rice
    🍦 ice cream
    🍩 doughnut
    🍪 cookie
    🎂 birthday cake
    🍰 cake
    🍫 chocolate
    🍬 candy
    🍯 honey
    🥛 milk
    ☕ coffee|tea break hot drink
    🍵 tea|cup
    🍺 beer
    🍻 cheers|beer
    🍷 wine
    🍹 tropical drink|cocktail
    🍾 champagne|bottle celebrate
  `,
  "Activities and travel": `
    ⚽ football|soccer ball
    🏀 basketball
    🎾 tennis
    🏐 volleyball
    🏓 table tennis|ping pong
    🏆 trophy|winner
    🥇 gold medal|first
    🥈 silver medal|second
    🥉 bronze medal|third
    🎮 video game
    🎲 dice|game
    🎯 bullseye|target
    🎸 guitar
    🎹 piano|keyboard
    🥁 drum
    🎻 violin
    🎤 microphone|sing
    🎧 headphones|music
    🎬 film|clapper
    🎨 palette|art paint
    🎭 theatre|masks
    🎁 present|gift
    🎈 balloon
    🎉 party popper|celebrate hooray
    🎊 confetti|celebrate
    🚗 car
    🚕 taxi
    🚌 bus
    🚑 ambulance
    🚒 fire engine
    🚲 bicycle|bike
    ✈️ aeroplane|flight
    🚀 rocket
    ⛵ sailboat
    🚢 ship
    🚂 train|locomotive
    🏠 house|home
    🏫 school
    🏥 hospital
    🏢 office|building work
    ⛺ tent
    🏖️ beach|holiday
    🗺️ map|world
    🧭 compass
  `,
  "Things": `
    ⌚ watch
    📱 mobile phone
    💻 laptop|computer
    ⌨️ keyboard
    🖥️ desktop computer
    🖨️ printer
    💾 floppy disk|save
    📷 camera
    📺 television
    📻 radio
    📞 telephone|phone call
    ☎️ old telephone|phone
    🔋 battery
    🔌 electric plug
    💡 light bulb|idea
    🔦 torch|flashlight
    💰 money bag
    💳 credit card
    💎 gem|diamond
    🔧 wrench|tool
    🔨 hammer
    🛠️ tools|hammer wrench
    ⚙️ gear|settings
    🧲 magnet
    🔬 microscope
    🔭 telescope
    📡 antenna|satellite
    💊 pill
    🧪 test tube
    🧹 broom
    🔑 key|password
    🔒 locked|secure
    🔓 unlocked
    🚪 door
    📧 e-mail|mail
    📦 package|parcel
    📝 memo|note write
    📅 calendar
    📌 pin
    📎 paperclip|attach
    ✂️ scissors|cut
    📏 ruler
    📚 books
    📖 open book|read
    🔍 magnifying glass|search find
    🔔 bell|notification
    🔕 bell off|mute
    📢 loudspeaker|announcement
    ⏰ alarm clock|time
    ⏳ hourglass|wait time
  `,
};

/** Groups of emoji: a name, and `[emoji, name, words]` of each. */
export const EMOJI_GROUPS = Object.entries(TABLE).map(([group, table]) => [
  group,
  table
    .trim()
    .split("\n")
    .map((line) => {
      const [, emoji, name, words = ""] = line.trim().match(/^(\S+) ([^|]+)(?:\|(.*))?$/);
      return [emoji, name, `${name} ${words}`.trim()];
    }),
]);
