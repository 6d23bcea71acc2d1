---@brief
---
--- Heapline shows what is alive in a Ruby heap dump on the lines that allocated it: inlay hints at
--- the end of the line, hovers with the classes behind the number, diagnostics where memory sits.
---
--- With this repository on the runtimepath, `vim.lsp.enable('heapline')` is the whole set-up. The
--- server is `heapline` on PATH, or else the one that `make build` leaves in this repository's `bin`.
---
--- Commands, in every buffer that Heapline is attached to:
---
--- - `:HeaplineRun [command…]` runs the buffer's file, or a command such as `bundle exec rspec %` where `:!` would, in a
---   terminal below; when that has ended, what was alive then is on the lines
--- - `:HeaplineCapture [pid [count [seconds]]]` takes a dump of a Ruby process that runs, and loads it. Without a pid, or with
---   0 for one, it asks which. Several dumps are taken a minute apart, or as many seconds as you say: hints then say what grows
--- - `:HeaplineLoad [path]` loads a dump; without a path, the newest one in the project or its `tmp`
--- - `:HeaplineAdd path…` loads dumps of the same process beside those that are loaded: hints then say what grows
--- - `:HeaplineReload` loads the same dump again
--- - `:HeaplineCancel` ends a load or a capture that takes too long; what was loaded before stays
--- - `:HeaplineUnload` takes everything off the screen
---
--- On a line with a diagnostic `vim.lsp.buf.code_action()` (`gra`) ignores it: in .heapline.yml, with the reason.
---
--- Settings, with what they are unless you say otherwise:
---
--- ```lua
--- vim.lsp.config('heapline', {
---   settings = {
---     heapline = {
---       dump = '', -- path of a dump that is loaded at start
---       pathMappings = {}, -- folders that dumps name and what they are here: { ['/app'] = '${workspaceFolder}' }
---       revision = '', -- commit of the source that the dump was taken from
---       rubyCommand = 'ruby', -- what runs a file, such as 'bundle exec ruby'
---       dumpFolder = '', -- where dumps go that are taken here; '' is the project's tmp, or else the system's
---       inlayHints = { enabled = true, minObjects = 1, minBytes = 1000 },
---       codeLens = { enabled = true }, -- at the top of a file: lines that are gone or may have moved
---       hover = { showValues = true }, -- samples of string values: dumps hold secrets
---       maxMemory = '', -- what loading a dump may take, such as '8 GB'; '' is half of the machine's
---       diagnostics = {
---         enabled = true,
---         hotspotPercent = 1,
---         hotspotWarningPercent = 10,
---         leakSuspectSeverity = 'warning', -- or 'error', 'information', 'hint', 'off'
---         steadyGrowthSeverity = 'information',
---       },
---       suspects = { minObjects = 10, minBytes = 2000 }, -- by how much one grows at least, from dump to dump
---     },
---   },
--- })
--- ```

-- Ruby, or made of it, and of no type that Neovim knows: without one no server is attached. What anyone has chosen
-- otherwise comes before a pattern of negative priority.
for files, filetype in pairs({
  ['.*%.slim'] = 'slim',
  ['.*%.jbuilder'] = 'ruby',
  ['.*%.rabl'] = 'ruby',
  ['.*%.arb'] = 'ruby',
  ['.*%.axlsx'] = 'ruby',
  ['.*%.prawn'] = 'ruby',
  ['.*%.thor'] = 'ruby',
  ['.*%.podspec'] = 'ruby',
  ['.*/Capfile'] = 'ruby',
  ['.*/Guardfile'] = 'ruby',
}) do
  vim.filetype.add({ pattern = { [files] = { filetype, { priority = -1 } } } })
end

local levels = vim.log.levels

---@param message string
---@param level integer
local function notify(message, level)
  vim.notify('Heapline: ' .. message, level)
end

--- `heapline` on PATH, or else the one built in this repository. Where there is neither, the bare
--- name, so that Neovim's own "not executable" names what is missing.
---@return string
local function server()
  local this_file = debug.getinfo(1, 'S').source:sub(2)
  local repository = vim.fs.dirname(vim.fs.dirname(vim.fs.abspath(this_file)))
  local built = vim.fs.joinpath(repository, 'bin', vim.fn.has('win32') == 1 and 'heapline.exe' or 'heapline')
  if vim.fn.executable('heapline') == 0 and vim.fn.executable(built) == 1 then
    return built
  end
  return 'heapline'
end

--- 15002 objects → "15,002 objects", 1 object → "1 object"
---@param n integer
---@param noun string
---@return string
local function count(n, noun)
  local digits = ('%d'):format(n):reverse():gsub('(%d%d%d)', '%1,'):reverse():gsub('^,', '')
  return ('%s %s%s'):format(digits, noun, n == 1 and '' or 's')
end

--- Why a load may not show what was hoped for, if so. VS Code says it in the same words.
---@param summary table the answer of heapline.server.load
---@return string[]
local function remarks(summary)
  local found = {}
  if summary.sites == 0 then
    table.insert(
      found,
      'No object in this dump says which line made it. Call ObjectSpace.trace_object_allocations_start early in your '
        .. 'program, then take the dump again.'
    )
  elseif summary.mappedFiles == 0 then
    table.insert(found, 'None of these files is in this project. Open the one that the dump was taken from.')
  end
  if summary.match == 'totals' then
    table.insert(
      found,
      'The dumps are not of one process: only how many objects each line has is compared, which names no leak.'
    )
  end
  vim.list_extend(found, summary.damage or {})
  return found
end

--- What a load found, in a developer's words; before that, what was taken for it.
---@param summary table the answer of heapline.server.load or heapline.server.capture
---@return string message, integer level
local function describe(summary)
  local found = ('%s: %s live on %s of %s'):format(
    vim.fs.basename(summary.path),
    count(summary.live.objects, 'object'),
    count(summary.sites, 'line'),
    count(summary.files, 'file')
  )
  local what_else = remarks(summary)
  if #what_else > 0 then
    found = found .. '. ' .. table.concat(what_else, ' ')
  end
  local warnings = summary.warnings or {}
  local lines = vim.iter({ summary.captured or {}, warnings, { found } }):flatten():totable()
  return table.concat(lines, '. '), #what_else + #warnings > 0 and levels.WARN or levels.INFO
end

--- The server that is wanted, if it runs.
---@param wanted fun(client: vim.lsp.Client): boolean?
---@return vim.lsp.Client?
local function running(wanted)
  local client = vim.iter(vim.lsp.get_clients({ name = 'heapline' })):find(wanted)
  if not client then
    notify('the server is not running; :edit starts it, :checkhealth vim.lsp says why not', levels.ERROR)
  end
  return client
end

--- The server that is attached to the buffer now: it may be another one than when the commands were made.
---@param bufnr integer
---@return vim.lsp.Client?
local function attached(bufnr)
  return running(function(client)
    return client.attached_buffers[bufnr]
  end)
end

--- The server of a project: the buffer that something long was started from may be gone when that ends.
---@param root? string
---@return vim.lsp.Client?
local function server_of(root)
  return running(function(client)
    return client.root_dir == root
  end)
end

--- Cancels all loads and captures under way, also those that no command of ours began.
---@param bufnr integer
local function cancel(bufnr)
  local client = attached(bufnr)
  if not client then
    return
  end
  local under_way = vim.tbl_keys(client.progress.pending)
  for _, token in ipairs(under_way) do
    client:notify('window/workDoneProgress/cancel', { token = token })
  end
  notify(#under_way > 0 and 'cancelled' or 'nothing is being loaded or captured', levels.INFO)
end

--- Runs a command of the server. Neovim drops the answer of what was cancelled.
---@param client vim.lsp.Client
---@param command string
---@param argument? table
---@param done fun(result: any)
---@param failed? fun(message: string) instead of saying it
local function request(client, command, argument, done, failed)
  local lsp_command = { title = command, command = command, arguments = argument and { argument } }
  client:exec_cmd(lsp_command, nil, function(err, result)
    if not err then
      done(result)
    elseif failed then
      failed(err.message)
    else
      notify(err.message, levels.ERROR)
    end
  end)
end

--- Runs a command of the server that loads or unloads, and says how it ended.
---@param bufnr integer
---@param command string
---@param argument? table
local function execute(bufnr, command, argument)
  local client = attached(bufnr)
  if not client then
    return
  end
  request(client, command, argument, function(summary)
    if type(summary) == 'table' then
      notify(describe(summary))
    else
      notify('unloaded', levels.INFO)
    end
  end)
end

--- Has one of the Ruby processes picked, the largest first.
---@param bufnr integer
---@param on_pid fun(pid: integer)
local function pick_process(bufnr, on_pid)
  local client = attached(bufnr)
  if not client then
    return
  end
  request(client, 'heapline.server.processes', nil, function(processes)
    if #processes == 0 then
      notify('none of your processes is a Ruby: :HeaplineRun starts one', levels.WARN)
      return
    end
    vim.ui.select(processes, {
      prompt = 'Take a heap dump of',
      kind = 'heapline_process',
      format_item = function(process)
        return ('%s — %s — %s'):format(process.label, process.detail, process.how)
      end,
    }, function(process)
      if process then
        on_pid(process.pid)
      end
    end)
  end)
end

--- Takes dumps of a process and loads them. Of one that there is no way into, the server says what to do.
---@param bufnr integer
---@param words string[] pid, count and seconds, as far as they were typed
local function capture(bufnr, words)
  local whole = vim.iter(words):all(function(word)
    return word:match('^%d+$')
  end)
  if not whole or #words > 3 then
    notify(':HeaplineCapture takes a pid, how many dumps, and the seconds between two of them', levels.ERROR)
    return
  end
  local pid, how_many, seconds = unpack(vim.tbl_map(tonumber, words))
  local function take(of)
    execute(bufnr, 'heapline.server.capture', { pid = of, count = how_many or 1, every = seconds or 60 })
  end
  if not pid or pid == 0 then
    pick_process(bufnr, take)
  else
    take(pid)
  end
end

local ended ---@type integer? the terminal of the program that has ended last

--- Shows a program in a terminal below all windows. The window that has the focus keeps it.
---@param command string[]
---@param cwd string
---@param on_exit fun(status: integer)
local function terminal(command, cwd, on_exit)
  if ended and vim.api.nvim_buf_is_valid(ended) then
    vim.api.nvim_buf_delete(ended, { force = true })
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  local height = math.floor(vim.o.lines / 3)
  local window = vim.api.nvim_open_win(bufnr, false, { split = 'below', win = -1, height = height })
  vim.api.nvim_win_call(window, function()
    vim.fn.jobstart(command, {
      term = true,
      cwd = cwd,
      on_exit = function(_, status)
        ended = bufnr
        on_exit(status)
      end,
    })
    vim.cmd.normal({ 'G', bang = true }) -- from where it follows what is printed
  end)
  if vim.api.nvim_get_mode().mode == 'n' then
    vim.cmd.stopinsert() -- many begin it on TermOpen: what they type next would go into the window with the focus
  end
end

--- Loads what a program has left behind, and says with what status it ended where that is a failure.
---@param root? string of the project
---@param folder string
---@param status integer
local function load_left(root, folder, status)
  local client = server_of(root)
  if not client then
    return
  end
  local before = status ~= 0 and ('the program ended with exit status %d. '):format(status) or ''
  request(client, 'heapline.server.load', { folder = folder }, function(summary)
    local message, level = describe(summary)
    notify(before .. message, status ~= 0 and levels.WARN or level)
  end, function(message)
    notify(before .. message, levels.ERROR)
  end)
end

--- Runs a program in a terminal, and loads the dump that it leaves behind.
---@param bufnr integer
---@param what { path: string }|{ command: string[] }
---@param cwd? string else the one that the server names
local function run(bufnr, what, cwd)
  local client = attached(bufnr)
  if not client then
    return
  end
  request(client, 'heapline.server.run', what, function(program)
    terminal(program.command, cwd or program.cwd, function(status)
      load_left(client.root_dir, program.folder, status)
    end)
  end)
end

--- Runs the buffer's file as it is on the screen.
---@param bufnr integer
local function run_file(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  if path == '' then
    notify('write the buffer to a file first, or name a command: :HeaplineRun bundle exec rspec', levels.ERROR)
    return
  end
  vim.cmd.update({ mods = { silent = true } })
  run(bufnr, { path = path })
end

--- Runs a command line where `:!` would, and with the same shell.
---@param bufnr integer
---@param line string
local function run_line(bufnr, line)
  local shell = vim.split(vim.o.shell .. ' ' .. vim.o.shellcmdflag, ' +', { trimempty = true })
  run(bufnr, { command = vim.list_extend(shell, { line }) }, vim.fn.getcwd())
end

--- A path as typed on the command line, made absolute: the server's working directory is not ours.
---@param path string
---@return string
local function absolute(path)
  return vim.fs.normalize(vim.fs.abspath(path), { expand_env = false })
end

---@param bufnr integer
local function create_commands(bufnr)
  local function command(name, desc, run, opts)
    opts = vim.tbl_extend('error', { desc = desc }, opts or {})
    vim.api.nvim_buf_create_user_command(bufnr, name, run, opts)
  end
  command('HeaplineRun', 'Run the file, or a command, and load the heap that it ends with', function(o)
    if o.args == '' then
      run_file(bufnr)
    else
      run_line(bufnr, o.args)
    end
  end, { nargs = '*', complete = 'shellcmdline' }) -- which has % expanded, too
  command('HeaplineCapture', 'Take heap dumps of a process that runs, and load them', function(o)
    capture(bufnr, o.fargs)
  end, { nargs = '*' })
  command('HeaplineLoad', 'Load a heap dump, without a path the newest of the project', function(o)
    execute(bufnr, 'heapline.server.load', o.args ~= '' and { path = absolute(o.args) } or nil)
  end, { nargs = '?', complete = 'file' })
  command('HeaplineAdd', 'Load heap dumps of the same process as well, as a series', function(o)
    execute(bufnr, 'heapline.server.addDump', { paths = vim.iter(o.fargs):map(absolute):totable() })
  end, { nargs = '+', complete = 'file' })
  command('HeaplineReload', 'Load the loaded heap dump again', function()
    execute(bufnr, 'heapline.server.reload')
  end)
  command('HeaplineCancel', 'Cancel the load or the capture under way', function()
    cancel(bufnr)
  end)
  command('HeaplineUnload', 'Unload the heap dump and clear all that it showed', function()
    execute(bufnr, 'heapline.server.unload')
  end)
end

--- Neovim (seen in 0.12.4) forgets which lines it has drawn before it asks for the new hints; a
--- redraw in between notes the old ones as drawn, and the new ones stay invisible until the next
--- edit. Switching a buffer off and on drops the old hints first, so that nothing is noted early.
---@type lsp.Handler
local function refresh_hints(_, _, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  for bufnr in pairs(client and client.attached_buffers or {}) do
    local filter = { bufnr = bufnr }
    if vim.lsp.inlay_hint.is_enabled(filter) then
      vim.lsp.inlay_hint.enable(false, filter)
      vim.lsp.inlay_hint.enable(true, filter)
    end
  end
  return vim.NIL
end

--- An installed gem belongs to the project that uses it: the server that runs has its dump.
---@param bufnr integer
---@param on_dir fun(root_dir?: string)
local function root_dir(bufnr, on_dir)
  local file = vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr), { expand_env = false })
  local running = file:find('/gems/[^/]+%-%w[^/]*/') and vim.lsp.get_clients({ name = 'heapline' })[1]
  on_dir(running and running.root_dir or vim.fs.root(bufnr, vim.lsp.config.heapline.root_markers))
end

--- Neovim does not watch files everywhere: what is written here to .heapline.yml the server hears from us.
---@param client vim.lsp.Client
local function tell_of_ignored(client)
  vim.api.nvim_create_autocmd('BufWritePost', {
    pattern = '.heapline.yml',
    desc = 'Heapline: which sites are ignored',
    callback = function(event)
      local change = { uri = vim.uri_from_fname(vim.fs.abspath(event.file)), type = 2 }
      client:notify('workspace/didChangeWatchedFiles', { changes = { change } })
      return client:is_stopped() -- then this is of no use any more
    end,
  })
end

---@type vim.lsp.Config
return {
  cmd = { server(), 'lsp' },
  filetypes = { 'ruby', 'eruby', 'haml', 'slim', 'rspec', 'ruby.rspec' },
  root_markers = { 'Gemfile', '.ruby-version', '.git' },
  root_dir = root_dir,
  on_init = tell_of_ignored,
  handlers = { ['workspace/inlayHint/refresh'] = refresh_hints },
  on_attach = function(client, bufnr)
    create_commands(bufnr)
    -- Other servers' hints share this switch: leave it alone where ours are not wanted.
    if vim.tbl_get(client.settings, 'heapline', 'inlayHints', 'enabled') ~= false then
      vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
    end
    if vim.lsp.codelens.enable then -- from Neovim 0.12 on it keeps them fresh by itself
      vim.lsp.codelens.enable(true, { bufnr = bufnr })
    end
  end,
}
