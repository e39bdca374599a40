// Runs a script of this project on a fresh clone: installs what is missing, then hands over to the right Node.
// Written for very old Nodes too, so that they can at least say what is wrong.
'use strict';
var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var MIN_SYSTEM_NODE = 18;
var root = path.join(__dirname, '..');
var node = path.join(root, 'node_modules', 'node', 'bin', 'node');
var marker = path.join(root, 'node_modules', '.package-lock.json');

var found = process.versions.node;
if (Number(found.split('.')[0]) < MIN_SYSTEM_NODE) {
  console.error('plimsoll: expected Node ' + MIN_SYSTEM_NODE + ' or newer to install the rest, found ' + found + '.');
  process.exit(6);
}

function isInstalled() {
  if (!fs.existsSync(node) || !fs.existsSync(marker)) return false;
  return fs.statSync(marker).mtimeMs >= fs.statSync(path.join(root, 'package-lock.json')).mtimeMs;
}

function run(program, args, options) {
  var result = childProcess.spawnSync(program, args, Object.assign({ cwd: root, stdio: 'inherit' }, options));
  if (result.error) {
    console.error('plimsoll: could not run ' + program + ': ' + result.error.message);
    process.exit(6);
  }
  if (result.signal) process.kill(process.pid, result.signal);
  return result.status;
}

if (!isInstalled()) {
  console.error('Installing what is missing (npm ci: the libraries and the right Node, about 30 seconds) ...');
  var npm = process.env.npm_execpath;
  var args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  var status = npm
    ? run(process.execPath, [npm].concat(args))
    : run('npm', args, { shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error('plimsoll: npm ci failed; it needs the package registry, see the lines above.');
    process.exit(status || 6);
  }
  fs.utimesSync(marker, new Date(), new Date());
}

function runScript(name, args) {
  return run(node, ['--disable-warning=ExperimentalWarning', path.join(root, 'scripts', name + '.ts')].concat(args));
}

var task = process.argv[2];
// Half a second, and whatever starts the program many times starts it fast.
if (['build', 'docs', 'mutants'].indexOf(task) < 0) runScript('build', []);
process.exit(runScript(task, process.argv.slice(3)));
