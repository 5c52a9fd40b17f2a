-- Sends the tokens of a file in turns: $TOKENS names it, a token each line.
local here = debug.getinfo(1, "S").source:match("@(.*/)") or "./"
dofile(here .. "done.lua")

local requests, turn = {}, 0
init = function(args)
  for token in io.lines(os.getenv("TOKENS")) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["authorization"] = "Bearer " .. token })
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
