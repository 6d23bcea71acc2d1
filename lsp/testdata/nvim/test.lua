-- The main job in real Neovim, without a screen:
--
--   nvim --clean --headless -l lsp/testdata/nvim/test.lua
--
-- It works on a copy of testdata/leaky with the server in bin/. The tests follow on each other, as a
-- developer's session does. Every wait is for a condition, never for a time.

local repository = vim.fs.abspath(debug.getinfo(1, 'S').source:sub(2)):match('^(.*)/lsp/testdata/nvim/[^/]+$')
local workspace = vim.uv.fs_realpath(assert(vim.uv.fs_mkdtemp(vim.fs.joinpath(vim.uv.os_tmpdir(), 'heapline-XXXXXX'))))
local deadline = 20000 -- ms; only ever spent by a test that fails

local function path(name)
  return vim.fs.joinpath(workspace, name)
end

---------------------------------------------------------------------------------------------------
-- TAP

local passed, failed = 0, 0

local function test(name, run)
  local ok, err = xpcall(run, debug.traceback)
  passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
  io.stdout:write(('%s %d - %s\n'):format(ok and 'ok' or 'not ok', passed + failed, name))
  if not ok then
    io.stdout:write('  ' .. tostring(err):gsub('\n', '\n  ') .. '\n')
  end
end

local function is(got, want, what)
  assert(vim.deep_equal(got, want), ('%s: got %s, want %s'):format(what, vim.inspect(got), vim.inspect(want)))
end

--- Waits until condition() is true-ish and returns that; fails with what `got` shows otherwise. The time is looked at
--- here, too: vim.wait counts whole milliseconds between two events, and waits for ever while these come faster.
local function await(what, condition, got)
  local result
  local ends = vim.uv.hrtime() + deadline * 1e6
  vim.wait(deadline, function()
    result = condition()
    return result or vim.uv.hrtime() > ends
  end, 10)
  assert(result, ('waited in vain for %s%s'):format(what, got and (', there is ' .. vim.inspect(got())) or ''))
  return result
end

---------------------------------------------------------------------------------------------------
-- What a developer sees

local messages = {} ---@type { text: string, level: integer }[]
vim.notify = function(text, level)
  table.insert(messages, { text = text, level = level })
end

--- Runs an Ex command and returns the message that it leads to.
local function message_of(command)
  messages = {}
  vim.cmd(command)
  return await('a message after :' .. command, function()
    return messages[1]
  end)
end

local function text_of(label)
  return type(label) == 'string' and label or vim.iter(label):map(function(part) return part.value end):join('')
end

--- The hints of a buffer: 1-based line → text.
local function hints(bufnr)
  local found = {}
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = bufnr })) do
    found[hint.inlay_hint.position.line + 1] = text_of(hint.inlay_hint.label)
  end
  return found
end

local function await_hint(bufnr, line, prefix)
  return await(('a hint "%s" on line %d'):format(prefix, line), function()
    return vim.startswith(hints(bufnr)[line] or '', prefix)
  end, function()
    return hints(bufnr)
  end)
end

--- The hotspots of a file, whether it is open or not: 1-based line → diagnostic.
local function hotspots(name)
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(vim.fn.bufnr(path(name)))) do
    if diagnostic.source == 'heapline' and diagnostic.code == 'heapline/hotspot' then
      found[diagnostic.lnum + 1] = diagnostic
    end
  end
  return found
end

local function float_text()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      return table.concat(lines, '\n'), window
    end
  end
end

local function open(name)
  vim.cmd.edit(path(name))
  return vim.api.nvim_get_current_buf()
end

---------------------------------------------------------------------------------------------------
-- A copy of the sample app, the newest of its dumps and an older one, and dumps that have something wrong

local function copy(name, seconds_old)
  local target = path(name)
  vim.fn.mkdir(vim.fs.dirname(target), 'p')
  assert(vim.uv.fs_copyfile(vim.fs.joinpath(repository, 'testdata/leaky', name), target))
  local time = os.time() - (seconds_old or 0)
  assert(vim.uv.fs_utime(target, time, time))
end

for name, kind in vim.fs.dir(vim.fs.joinpath(repository, 'testdata/leaky'), { depth = 2 }) do
  if kind == 'file' and vim.endswith(name, '.rb') then
    copy(name)
  end
end
copy('leak-3.json.gz', 60)
copy('leak-1.json.gz', 3600)
vim.fn.writefile({}, path('Gemfile'))

--- A dump with one live object, made on line 3 of a file if any.
local function small_dump(name, file, last_line)
  local site = file and (',"file":"%s","line":3'):format(file) or ''
  vim.fn.writefile({
    '{"type":"ROOT","root":"vm","references":["0x1000"]}',
    ('{"address":"0x1000","type":"STRING","class":"0x2000"%s,"memsize":40}'):format(site),
    last_line,
  }, path(name))
  assert(vim.uv.fs_utime(path(name), 1, 1)) -- never the newest
end
small_dump('torn.heap', '/srv/leaky/server.rb', '{"address":"0x1028","type":"STR')
small_dump('elsewhere.heap', '/srv/another/app/models/thing.rb')
small_dump('untraced.heap')

--- Beside this script is a dump whose names and values are hostile. It names these files.
assert(vim.uv.fs_copyfile(vim.fs.joinpath(repository, 'lsp/testdata/nvim/hostile.heap'), path('hostile.heap')))
assert(vim.uv.fs_utime(path('hostile.heap'), 1, 1))
vim.fn.writefile({ '' }, path('lib/[click](command:workbench.action.quit)\27[31m`.rb'))
vim.fn.writefile({ '' }, path('lib/<img src=x onerror=alert(1)>\u{202e}![x](x.png).rb'))

vim.env.PATH = '/usr/bin:/bin' -- no heapline there: the one in bin/ has to be found
vim.opt.runtimepath:prepend(repository)
vim.cmd('filetype on')
vim.filetype.add({ extension = { arb = 'mine' } })
vim.lsp.enable('heapline')

local progress = {} ---@type table<any, string[]> by token, what was told
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    local token, kind = event.data.params.token, event.data.params.value.kind
    progress[token] = vim.list_extend(progress[token] or {}, { kind })
  end,
})

---------------------------------------------------------------------------------------------------

local request_rb, server_rb, client

test('attaches to a Ruby file, the Gemfile marks the project', function()
  request_rb = open('lib/request.rb')
  client = await('the server', function()
    local found = vim.lsp.get_clients({ bufnr = request_rb, name = 'heapline' })[1]
    return found and found.initialized and found
  end, function()
    return messages
  end)
  is(client.root_dir, workspace, 'root')
  is(client.config.cmd, { vim.fs.joinpath(repository, 'bin/heapline'), 'lsp' }, 'command')
end)

if failed > 0 then
  io.stdout:write('Bail out! Without a server nothing else can work.\n')
  os.exit(1)
end

test('files of Ruby that Neovim has no type for have one, unless someone has chosen another', function()
  for name, want in pairs({ ['index.rabl'] = 'ruby', ['shop.podspec'] = 'ruby', Guardfile = 'ruby', Capfile = 'ruby', ['admin.arb'] = 'mine' }) do
    is(vim.filetype.match({ filename = name }), want, name)
  end
end)

test('switches hints on by itself', function()
  is(vim.lsp.inlay_hint.is_enabled({ bufnr = request_rb }), true, 'enabled')
  is(hints(request_rb), {}, 'hints without a dump')
end)

test(':HeaplineLoad of a missing file says so', function()
  local message = message_of('HeaplineLoad ' .. path('no-such.json'))
  is(message.level, vim.log.levels.ERROR, 'level')
  assert(message.text:find('no-such.json', 1, true), message.text)
end)

test(':HeaplineLoad without a path loads the newest dump and tells what it found', function()
  local message = message_of('HeaplineLoad')
  is(message.level, vim.log.levels.INFO, message.text)
  assert(
    message.text:match('^Heapline: leak%-3%.json%.gz: [%d,]+ objects live on [%d,]+ lines of [%d,]+ files$'),
    message.text
  )
end)

test('shows progress while it loads', function()
  await('progress that begins, goes on and ends', function()
    return vim.iter(progress):any(function(_, kinds)
      return #kinds > 2 and kinds[1] == 'begin' and kinds[#kinds] == 'end'
    end)
  end, function()
    return progress
  end)
end)

test('a hint at the end of the line says what is alive', function()
  await_hint(request_rb, 8, '15,002 objects · ')
  local at = vim.iter(vim.lsp.inlay_hint.get({ bufnr = request_rb })):find(function(hint)
    return hint.inlay_hint.position.line == 7
  end)
  local line = vim.api.nvim_buf_get_lines(request_rb, 7, 8, false)[1]
  local column = vim.str_byteindex(line, client.offset_encoding, at.inlay_hint.position.character)
  is(column, #line, 'byte column')
end)

test('hover shows the classes of the line', function()
  vim.api.nvim_win_set_cursor(0, { 8, 6 })
  vim.lsp.buf.hover()
  local text = await('the hover window', float_text)
  for _, want in ipairs({ '15,002 objects', '|%s*Hash%s+|%s*5,000 |[^\n]*kB |', '|%s*String%s+|%s*10,000 |[^\n]*kB |', 'Kept alive by: .*AuditLog', 'Held by: ' }) do
    assert(text:find(want), ('no %q in:\n%s'):format(want, text))
  end
  vim.api.nvim_win_close(select(2, float_text()), true)
end)

test('hotspots are diagnostics, in files that are not open too', function()
  for _, want in ipairs({ { 'lib/request.rb', 8 }, { 'lib/audit_log.rb', 9 } }) do
    local name, line = unpack(want)
    await(('a hotspot on line %d of %s'):format(line, name), function()
      return hotspots(name)[line]
    end, function()
      return vim.diagnostic.get()
    end)
  end
  is(vim.fn.bufloaded(path('lib/audit_log.rb')), 0, 'audit_log.rb loaded')
end)

test('a file that is opened later has its hints and the commands', function()
  server_rb = open('server.rb')
  await_hint(server_rb, 27, '5,004 objects')
  for _, name in ipairs({ 'HeaplineLoad', 'HeaplineReload', 'HeaplineCancel', 'HeaplineUnload' }) do
    is(vim.fn.exists(':' .. name), 2, name)
  end
  is(#vim.lsp.get_clients({ name = 'heapline' }), 1, 'servers')
end)

test('an edit above moves the hint with its line', function()
  vim.api.nvim_set_current_buf(request_rb)
  vim.api.nvim_buf_set_lines(request_rb, 0, 0, false, { '# größe 𝒳', '' })
  await_hint(request_rb, 10, '15,002 objects')
  is(hints(request_rb)[8] and hints(request_rb)[8]:match('15,002') or nil, nil, 'hint on the old line')
  vim.cmd.undo({ mods = { silent = true } })
  await_hint(request_rb, 8, '15,002 objects')
end)

test('an edit of the line itself keeps the hint at its end', function()
  vim.api.nvim_buf_set_text(request_rb, 7, 4, 7, 4, { 'ü𝒳 = ' })
  local length = #vim.api.nvim_buf_get_lines(request_rb, 7, 8, false)[1]
  await('the hint at the new end', function()
    return vim.iter(vim.lsp.inlay_hint.get({ bufnr = request_rb })):any(function(hint)
      local at = hint.inlay_hint.position
      return at.line == 7 and (client.offset_encoding ~= 'utf-8' or at.character == length)
    end)
  end, function()
    return vim.lsp.inlay_hint.get({ bufnr = request_rb })
  end)
  vim.cmd.undo({ mods = { silent = true } })
end)

test(':HeaplineReload loads the same dump again', function()
  local message = message_of('HeaplineReload')
  assert(vim.startswith(message.text, 'Heapline: leak-3.json.gz: '), message.text)
end)

test('a load that fails keeps what was loaded before', function()
  local message = message_of('HeaplineLoad ' .. path('lib'))
  is(message.level, vim.log.levels.ERROR, message.text)
  await_hint(request_rb, 8, '15,002 objects')
end)

test('names and values that would be markup or escapes are text in the hover', function()
  message_of('HeaplineLoad ' .. path('hostile.heap'))
  await_hint(request_rb, 8, '5 objects · 35.0 kB retained')
  vim.api.nvim_win_set_cursor(0, { 8, 6 })
  vim.lsp.buf.hover()
  local text = await('the hover window', float_text)
  for _, want in ipairs({
    '\n| `[click](command:workbench.action.quit)` ',
    '\n| `<img src=x onerror=alert(1)>` ',
    '\n| `![x](https://evil.example/x.png)` ',
    '\n| `` \\x1b[31mred\\x1b[0m¦` `` ',
    '\n| `two\\n\\n# Heading` ',
    'Methods: `](command:workbench.action.quit)`, `<script>alert(1)</script>`, `a¦b`, `` \\x1b[31m` ``, `user\\u202egnp.exe`\n',
    '| `"![x](https://evil.example/x.png)"` ',
    '| `"<script>alert(1)</script>"` ',
    '| ``"\\x1b[31mred ¦ `ticks`"`` ',
    '| `"one\\n\\n# Heading\\n\\n¦ a ¦ b ¦\\n"` ',
    '| `"user\\u202egnp.exe"` ',
  }) do
    assert(text:find(want, 1, true), ('no %q in:\n%s'):format(want, text))
  end
  for _, want in ipairs({ 'Leak %(%[[^\n]*\\x1b[^\n]*rb:1`*%]%(<file:///', 'ARRAY %(%[[^\n]*\\u202e[^\n]*rb:1`*%]%(<file:///' }) do
    assert(text:find(want), ('no %q in:\n%s'):format(want, text))
  end
  for _, raw in ipairs({ '\27', '\u{202e}', '\n# Heading' }) do
    assert(not text:find(raw, 1, true), ('%q in:\n%s'):format(raw, text))
  end
  vim.api.nvim_win_close(select(2, float_text()), true)
end)

test(':HeaplineLoad completes paths', function()
  vim.cmd.cd(workspace)
  is(vim.fn.getcompletion('HeaplineLoad leak-', 'cmdline'), { 'leak-1.json.gz', 'leak-3.json.gz' }, 'completion')
end)

test(':HeaplineLoad takes relative paths and ~, from any buffer', function()
  vim.api.nvim_set_current_buf(server_rb)
  local before = hints(server_rb)[27]
  vim.cmd.cd(path('lib'))
  local message = message_of('HeaplineLoad ../leak-1.json.gz')
  assert(vim.startswith(message.text, 'Heapline: leak-1.json.gz: '), message.text)
  await('other hints on server.rb', function()
    return hints(server_rb)[27] ~= before
  end)

  vim.env.HOME = workspace
  message = message_of('HeaplineLoad ~/leak-3.json.gz')
  assert(vim.startswith(message.text, 'Heapline: leak-3.json.gz: '), message.text)
  await_hint(server_rb, 27, '5,004 objects')
end)

test('a dump with a torn line is loaded, with a warning', function()
  local message = message_of('HeaplineLoad ' .. path('torn.heap'))
  is(message.level, vim.log.levels.WARN, message.text)
  assert(vim.startswith(message.text, 'Heapline: torn.heap: 1 object live on 1 line of 1 file. Not all of '), message.text)
  assert(message.text:find('(line 3, byte ', 1, true), message.text)
end)

test('a dump of another project is loaded, with a warning', function()
  local message = message_of('HeaplineLoad ' .. path('elsewhere.heap'))
  is(message.level, vim.log.levels.WARN, message.text)
  assert(message.text:find('None of these files is in this project', 1, true), message.text)
end)

test('a dump without allocation tracing is loaded, with what to do', function()
  local message = message_of('HeaplineLoad ' .. path('untraced.heap'))
  is(message.level, vim.log.levels.WARN, message.text)
  assert(message.text:find('trace_object_allocations_start', 1, true), message.text)
end)

test(':HeaplineCancel ends a load, and what was loaded before stays', function()
  message_of('HeaplineLoad ' .. path('leak-3.json.gz'))
  await_hint(server_rb, 27, '5,004 objects')
  local copies = 'for i in $(seq 24); do gzip -dc leak-3.json.gz; done >big.heap' -- 0.6 GB: seconds to cancel it in
  is(vim.system({ 'sh', '-c', copies }, { cwd = workspace }):wait().code, 0, 'exit code')

  is(message_of('HeaplineCancel').text, 'Heapline: nothing is being loaded or captured', 'message')
  messages = {}
  vim.cmd.HeaplineLoad(path('big.heap'))
  await('a load under way', function()
    return not vim.tbl_isempty(client.progress.pending)
  end)
  vim.cmd.HeaplineCancel()
  await('its end', function()
    return vim.tbl_isempty(client.progress.pending)
  end)
  is(messages, { { text = 'Heapline: cancelled', level = vim.log.levels.INFO } }, 'messages')
  assert(message_of('HeaplineReload').text:find('leak-3.json.gz', 1, true), messages[1].text)
  await_hint(server_rb, 27, '5,004 objects')
  assert(vim.uv.fs_unlink(path('big.heap')))
end)

test('the code action of a diagnostic ignores its line, until its entry is deleted', function()
  message_of('HeaplineLoad ' .. path('leak-3.json.gz'))
  local audit_rb = open('lib/audit_log.rb')
  local function codes()
    local found = vim.iter(vim.diagnostic.get(audit_rb, { lnum = 8 })):map(function(d) return d.code end):totable()
    table.sort(found)
    return table.concat(found, ' ')
  end
  local both = 'heapline/hotspot heapline/steady-growth'
  await('the diagnostics of line 9', function()
    return codes() == both and #vim.lsp.get_clients({ bufnr = audit_rb, name = 'heapline' }) == 1
  end, codes)
  vim.api.nvim_win_set_cursor(0, { 9, 4 }) -- from 0.12 on it has to be on the text
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action) return action.title == 'Ignore this site in .heapline.yml' end,
  })
  await('no diagnostics', function() return codes() == '' end, codes)

  await('.heapline.yml with the cursor on the reason', function()
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    return vim.api.nvim_buf_get_name(0) == path('.heapline.yml')
      and vim.api.nvim_get_current_line():sub(column + 1) == 'TODO: say why'
      and row == 3
  end, function()
    return { vim.api.nvim_buf_get_name(0), vim.api.nvim_win_get_cursor(0), vim.api.nvim_get_current_line() }
  end)
  is(vim.api.nvim_get_current_line(), '  - lib/audit_log.rb:9 # TODO: say why', 'entry')

  vim.cmd('delete | silent write')
  await('the diagnostics again', function() return codes() == both end, codes)
  vim.cmd('bwipeout')
  assert(vim.uv.fs_unlink(path('.heapline.yml')))
  vim.api.nvim_set_current_buf(server_rb)
end)

test(':HeaplineAdd says what grows from dump to dump', function()
  message_of('HeaplineLoad ' .. path('leak-3.json.gz'))
  message_of('HeaplineAdd ' .. path('leak-1.json.gz'))
  await_hint(request_rb, 8, '15,002 objects ▲ 12,000')
end)

test(':HeaplineUnload clears hints and diagnostics everywhere', function()
  message_of('HeaplineLoad ' .. path('leak-3.json.gz'))
  await_hint(request_rb, 8, '15,002 objects')
  await_hint(server_rb, 27, '5,004 objects')
  await('diagnostics', function()
    return #vim.diagnostic.get() > 0
  end)

  is(message_of('HeaplineUnload').text, 'Heapline: unloaded', 'message')
  await('no hints, no diagnostics', function()
    return vim.tbl_isempty(hints(request_rb)) and vim.tbl_isempty(hints(server_rb)) and #vim.diagnostic.get() == 0
  end, function()
    return { hints(request_rb), hints(server_rb), vim.diagnostic.get() }
  end)
end)

test('loads the dump of the settings at start', function()
  client:stop()
  await('the end of the server', function()
    return #vim.lsp.get_clients({ name = 'heapline' }) == 0
  end)
  vim.lsp.config('heapline', { settings = { heapline = { dump = path('leak-3.json.gz') } } })
  vim.cmd.edit({ bang = true })
  await_hint(server_rb, 27, '5,004 objects')
end)

test('a command without a server says how to get one', function()
  vim.lsp.get_clients({ name = 'heapline' })[1]:stop()
  await('the end of the server', function()
    return #vim.lsp.get_clients({ name = 'heapline' }) == 0
  end)
  local message = message_of('HeaplineLoad')
  is(message.level, vim.log.levels.ERROR, message.text)
  assert(message.text:find('server is not running', 1, true), message.text)
end)

for _, more in ipairs({ 'capture.lua', 'moved.lua' }) do
  assert(loadfile(vim.fs.joinpath(repository, 'lsp/testdata/nvim', more)))({
    repository = repository,
    path = path,
    test = test,
    is = is,
    await = await,
    message_of = message_of,
    hints = hints,
    await_hint = await_hint,
    text_of = text_of,
    float_text = float_text,
    progress = progress,
  })
end

---------------------------------------------------------------------------------------------------

vim.fn.delete(workspace, 'rf')
io.stdout:write(('1..%d\n# %s: %d passed, %d failed\n'):format(passed + failed, vim.version(), passed, failed))
io.stdout:flush()
os.exit(failed == 0 and passed > 0 and 0 or 1)
