-- What test.lua runs before moved.lua: dumps that are taken from the editor, of real Ruby programs.

local t = ...
local test, is, await, path, message_of, await_hint = t.test, t.is, t.await, t.path, t.message_of, t.await_hint
local levels = vim.log.levels

vim.fn.mkdir(path('tmp')) -- for all that is taken here, as in Rails
vim.fn.mkdir(path('left here')) -- by server.rb
vim.lsp.config('heapline', { settings = { heapline = { dump = '' } } })
vim.cmd('silent %bwipeout!') -- what is open has lost its server

--- Keeps 100 more arrays on line 3 for each line that it is sent, beside the method itself, and ends when there are no more.
vim.fn.writefile({
  'KEPT = []',
  'def keep',
  '  100.times { KEPT << [KEPT] }',
  'end',
  'keep',
  '$stdout.sync = true',
  'puts Process.pid',
  'keep while gets',
}, path('keeper.rb'))

local function client()
  return vim.lsp.get_clients({ name = 'heapline' })[1]
end

--- Opens a file of the project and waits for the server.
local function open(name)
  vim.cmd.edit(path(name))
  local bufnr = vim.api.nvim_get_current_buf()
  await('the server of ' .. name, function()
    return client() and client().initialized and client().attached_buffers[bufnr]
  end)
  return bufnr
end

--- Starts a program that prints its number first of all.
local function start(command)
  local printed = ''
  local program = vim.system(command, {
    cwd = path(''),
    stdin = true,
    stdout = function(_, text)
      printed = printed .. (text or '')
    end,
  })
  return program, tonumber(await('the number of ' .. command[1], function()
    return printed:match('^(%d+)\n')
  end))
end

local function stop(program)
  program:write(nil)
  is(program:wait().code, 0, 'exit code')
end

--- The windows with a terminal, and what stands in it.
local function terminals()
  local found = {}
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local bufnr = vim.api.nvim_win_get_buf(window)
    if vim.bo[bufnr].buftype == 'terminal' then
      found[window] = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')
    end
  end
  return found
end

---------------------------------------------------------------------------------------------------

local keeper_rb = open('keeper.rb')

test(':HeaplineRun runs the file as it is on the screen, and its hints appear', function()
  vim.api.nvim_buf_set_lines(keeper_rb, 7, 8, true, { 'keep' }) -- and no wait for its input
  local window = vim.api.nvim_get_current_win()
  local message = message_of('HeaplineRun')
  is(message.level, levels.INFO, message.text)
  assert(message.text:match('^Heapline: [^\n]+%.heap: [%d,]+ objects live on [%d,]+ lines of [%d,]+ files$'), message.text)
  await_hint(keeper_rb, 3, '202 objects')
  is(vim.bo[keeper_rb].modified, false, 'modified')
  is(vim.api.nvim_get_current_win(), window, 'the window with the focus')
end)

test('its terminal stays, and gives way to the next one', function()
  local first, text = next(terminals())
  assert(text:match('^%d+\n'), text)
  assert(text:find('heapline: ', 1, true), text)
  message_of('HeaplineRun')
  is(vim.api.nvim_win_is_valid(first), false, 'the first terminal is there')
  is(vim.tbl_count(terminals()), 1, 'terminals')
end)

local server_rb

test(':HeaplineRun of a command line reads it as the shell does', function()
  server_rb = open('server.rb')
  vim.cmd.cd(path('lib')) -- where it is run
  local message = message_of([[HeaplineRun ruby % '../left here']])
  is(message.level, levels.INFO, message.text)
  await_hint(server_rb, 27, '7,004 objects')
  is(vim.fn.filereadable(path('left here/leak-3.json')), 1, 'leak-3.json')
end)

test('a program that fails says so, and its heap is there', function()
  message_of('HeaplineUnload')
  local message = message_of('HeaplineRun') -- without the folder that it takes
  is(message.level, levels.WARN, message.text)
  assert(message.text:match('^Heapline: the program ended with exit status 1%. [^ ]+%.heap: '), message.text)
  await_hint(server_rb, 27, '1,004 objects')
end)

test('a program without a dump says how it ended, and what was loaded stays', function()
  local message = message_of('HeaplineRun exit 7')
  is(message.level, levels.ERROR, message.text)
  assert(vim.startswith(message.text, 'Heapline: the program ended with exit status 7. the program left no heap dump: '), message.text)
  await_hint(server_rb, 27, '1,004 objects')
end)

test('a buffer without a file cannot be run', function()
  vim.cmd.enew()
  vim.bo.filetype = 'ruby'
  await('its server', function()
    return client().attached_buffers[vim.api.nvim_get_current_buf()]
  end)
  local message = message_of('HeaplineRun')
  is(message.level, levels.ERROR, message.text)
  assert(message.text:find('write the buffer to a file first', 1, true), message.text)
end)

test('the buffer that a program was started from may be gone when that ends', function()
  local other = open('lib/request.rb')
  vim.cmd('HeaplineRun read line; ruby ../keeper.rb')
  local channel = await('a terminal that runs', function()
    return vim.iter(vim.api.nvim_list_chans()):find(function(channel)
      return channel.mode == 'terminal' and vim.fn.jobwait({ channel.id }, 0)[1] == -1
    end)
  end)
  open('keeper.rb')
  vim.api.nvim_buf_delete(other, {})
  vim.api.nvim_chan_send(channel.id, '\r')
  await_hint(keeper_rb, 3, '202 objects')
end)

test('a program whose terminal is closed leaves its heap', function()
  vim.fn.writefile({ 'KEPT = []', '', '300.times { KEPT << [KEPT] }', 'puts "it waits"', '$stdout.flush', 'sleep' }, path('waits.rb'))
  local waits_rb = open('waits.rb')
  message_of('HeaplineUnload')
  vim.cmd('HeaplineRun')
  local window = await('what it says', function()
    for window, text in pairs(terminals()) do
      if text:find('it waits', 1, true) then
        return window
      end
    end
  end)
  vim.api.nvim_buf_delete(vim.api.nvim_win_get_buf(window), { force = true })
  await_hint(waits_rb, 3, '30')
end)

---------------------------------------------------------------------------------------------------

vim.api.nvim_set_current_buf(keeper_rb)
vim.api.nvim_buf_set_lines(keeper_rb, 7, 8, true, { 'keep while gets' })
vim.cmd.write({ mods = { silent = true } })
local heapline = vim.fs.joinpath(t.repository, 'bin/heapline')
local program, pid = start({ heapline, 'run', '--out', path('left here'), '--', 'ruby', 'keeper.rb' })

test(':HeaplineCapture takes a dump of a process and loads it', function()
  message_of('HeaplineUnload')
  local message = message_of('HeaplineCapture ' .. pid)
  is(message.level, levels.INFO, message.text)
  local taken = '^Heapline: ([^ ]+%.heap): [%d.]+ MB of process ' .. pid .. ', which paused for [%d.]+ ms%. ([^ ]+): [%d,]+ objects live on '
  local first, second = message.text:match(taken)
  assert(first and first == second, message.text)
  await_hint(keeper_rb, 3, '102 objects')
end)

local reports = {} ---@type string[] how far the server said that it has come
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(reports, event.data.params.value.message)
  end,
})

local function await_report(text)
  await('the progress "' .. text .. '"', function()
    return vim.iter(reports):any(function(report)
      return vim.startswith(report, text)
    end)
  end, function()
    return reports
  end)
end

test('a series says what grows', function()
  vim.cmd(('HeaplineCapture %d 2 2'):format(pid))
  await_report('1 of 2 taken, one every 2 s')
  program:write('more\n')
  await_hint(keeper_rb, 3, '202 objects ▲ 100')
end)

test(':HeaplineCancel ends a series, and what was loaded stays', function()
  reports = {}
  vim.cmd(('HeaplineCapture %d 2'):format(pid))
  await_report('1 of 2 taken, one every 60 s')
  is(message_of('HeaplineCancel').text, 'Heapline: cancelled', 'message')
  await('its end', function()
    return vim.tbl_isempty(client().progress.pending)
  end)
  await_hint(keeper_rb, 3, '202 objects ▲ 100')
end)

--- Runs a command that asks which process, and answers. Returns what was offered for that one, and the message.
local function pick(command, wanted)
  local offered
  local asks = vim.ui.select
  vim.ui.select = function(processes, opts, on_choice)
    local process = vim.iter(processes):find(function(process)
      return process.pid == wanted
    end)
    offered = opts.format_item(process)
    on_choice(process)
  end
  local ok, message = pcall(message_of, command)
  vim.ui.select = asks
  assert(ok, message)
  return offered, message
end

local function dumps_of(message)
  return select(2, message:gsub('%.heap: [%d.]+ MB of process ' .. pid, ''))
end

test(':HeaplineCapture without a pid asks which', function()
  message_of('HeaplineUnload')
  local offered, message = pick('HeaplineCapture', pid)
  is(message.level, levels.INFO, message.text)
  assert(offered:match('^ruby keeper%.rb — pid ' .. pid .. ' · .* MB — started by heapline run$'), offered)
  await_hint(keeper_rb, 3, '202 objects')
  is(dumps_of(message.text), 1, message.text)
end)

test('and of 0, for a series', function()
  local _, message = pick('HeaplineCapture 0 2 0', pid)
  is(dumps_of(message.text), 2, message.text)
end)

test('what to do about a process that there is no way into', function()
  local plain, plain_pid = start({ 'ruby', 'keeper.rb' })
  local offered, message = pick('HeaplineCapture', plain_pid)
  assert(offered:find(' — no way in: start it with heapline run', 1, true), offered)
  is(message.level, levels.ERROR, message.text)
  assert(message.text:find('start it with heapline run -- ruby keeper.rb', 1, true), message.text)
  stop(plain)
end)

test('a process that is no Ruby is refused', function()
  local message = message_of('HeaplineCapture ' .. vim.uv.os_getpid())
  is(message.level, levels.ERROR, message.text)
  assert(message.text:find('is not a Ruby process', 1, true), message.text)
end)

test('what is no number is refused', function()
  local message = message_of('HeaplineCapture keeper.rb')
  is(message.level, levels.ERROR, message.text)
  assert(message.text:find('takes a pid', 1, true), message.text)
end)

stop(program)
client():stop()
await('the end of the server', function()
  return not client()
end)
