-- Recorded speech and noise as a song: regions, reverse, loops, gates, two files in one bank.
seed(3)
sampler("front", { samples = { "Front_Center.wav", "Front_Left.wav", "Front_Right.wav" }, volume = 0.8 })
sampler("side",  { samples = { "Side_Left.wav", "Side_Right.wav" }, speed = -1, position = 1, volume = 0.6 })
sampler("noise", { samples = { "Noise.wav" }, regionStart = 0.2, regionEnd = 0.3, playStyle = "LOOP", volume = 0.2 })

pattern("words", { steps = 16, stepsPerBeat = 4, rows = {
  [1] = { index = 1 }, [7] = { index = 2, speed = 1.5, chance = 80 }, [13] = { index = 3, ratio = "1:2", pan = -0.5 },
} })
pattern("back",  { steps = 12, stepsPerBeat = -3, rows = { [2] = { index = 1, length = 4 }, [9] = { index = 2, length = 3 } } })
pattern("hiss",  { steps = 8, stepsPerBeat = 2, rows = { [2] = { index = 1, length = 1 }, [7] = { index = 1 }, [8] = "-" } })
chain("talk", { { "words", 1 }, { "back", 2 } })

sequencer("a", { chain = "talk", to = "front" })
sequencer("b", { pattern = "back", to = "side" })
sequencer("c", { pattern = "hiss", to = "noise" })
macro(1):map("front.pan", { min = -1, max = 1 })
