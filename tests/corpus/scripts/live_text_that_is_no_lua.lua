-- fails: unexpected symbol
setParam("kick.volume", 0.25)
live("groove", "é\xffP1")
