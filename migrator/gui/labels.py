"""The window's own words: labels, hints, tooltips and buttons. Sentences about a run are in `words`.

Labels and button names are those of the predecessor, so that its users find everything.
"""

from __future__ import annotations

from collections.abc import Mapping

TITLE = "AWS S3 <> Lyve Cloud Data Migration"

DEMO = "Demo"
SETUP_TITLE = "Set up"
SETUP_CONTEXT = "Choose where objects come from and where they go. Nothing is copied until you say so."
PLAN_TITLE = "Plan"
NO_PLAN_CONTEXT = "What a migration will do, before it does it."
RUN_TITLE = "Run"
NO_RUN_CONTEXT = "Progress, failures and the result of a migration."
NO_RUN = "Nothing has run yet"
NO_RUN_YET = "Migrate Data makes a plan and starts the run. Its progress, its log and its result appear here."

MIGRATION_TYPE = "Migration Type"
DIRECTIONS: Mapping[str, str] = {"aws-to-lyve": "AWS to Lyve", "lyve-to-aws": "Lyve to AWS"}
CARD_NAMES: Mapping[str, str] = {"aws": "AWS S3", "lyve": "Lyve Cloud"}
READ_ONLY = "Read only"
WRITTEN = "Will be written"

WHERE_FROM = "Where do I get these?"
HIDE_STEPS = "Hide"
COPY_THIS_POLICY = "Copy Policy"
POLICY_COPIED = "The policy is on the clipboard."
POLICY_PLACEHOLDER = "It says {name}: put the bucket's name in its place."
CREATE_BUCKET = "Create It (private)"
CHOOSE_ANOTHER = "Choose Another"

GENERATE = "Generate Config File"
SHOW_SECRET = "Show"
HIDE_SECRET = "Hide"
PICK_DATE = "Open a calendar"
FILTERS = "Filters"
FILTERS_NOTE = "Optional. An empty field means no limit."
TRANSFER = "Transfer"

FIELDS: Mapping[str, str] = {
    "aws.access_key_id": "AWS Access Key ID",
    "aws.secret_access_key": "AWS Secret Access Key",
    "aws.session_token": "AWS Session Token",
    "aws.region": "AWS S3 Region",
    "aws.endpoint": "Endpoint, optional",
    "aws.bucket": "AWS Bucket to Transfer",
    "aws.prefix": "Folder (prefix), optional",
    "lyve.access_key_id": "Lyve Cloud Access Key ID",
    "lyve.secret_access_key": "Lyve Cloud Secret Access Key",
    "lyve.session_token": "Lyve Cloud Session Token",
    "lyve.region": "Lyve Cloud Region",
    "lyve.endpoint": "Endpoint",
    "lyve.bucket": "Lyve Cloud Bucket to Transfer",
    "lyve.prefix": "Folder (prefix), optional",
    "min_date": "Min Date",
    "max_date": "Max Date",
    "min_size": "Min Size",
    "max_size": "Max Size",
    "include": "Only keys like",
    "exclude": "Not keys like",
    "threads": "Number of Threads",
    "existing": "If the object already exists",
    "verify": "Check every copy by",
    "speed_limit": "Speed limit",
}

EXISTING: Mapping[str, str] = {
    "skip-same": "Skip if identical",
    "skip": "Skip whatever exists",
    "refuse": "Refuse and report it",
    "overwrite": "Overwrite",
}
VERIFY: Mapping[str, str] = {
    "auto": "Strongest check available",
    "checksum": "Content checksum",
    "read-back": "Reading everything back",
    "size": "Size only",
}
ADJUSTS = "Adjusts itself"
CHOICES: Mapping[str, Mapping[str, str]] = {"existing": EXISTING, "verify": VERIFY}

FILL_THIS = "Please fill out this field."
FILL_ALL = "Please fill out all the fields."
CHOOSE_BUCKET = "Choose a bucket, or type its name."
NO_LIMIT = "no limit"
NOT_CONNECTED = "Not connected yet"
CONNECTING = "Checking…"
CHANGED = "Changed since the last check"
NOT_ACCEPTED = "The keys are not accepted any more: type new ones, then Generate Config File."
DIRECTION_CHANGED = "The direction has changed: Generate Config File saves it."
CHECKING_BOTH = "Checking both sides…"
GENERATE_HINT = "Checks both sides, fills the bucket lists and saves your settings."
CHECK_STOPPING = "Stopping… Only the request under way is still waited for."
TRY_BOTH = "Generate Config File tries both sides once more."
FILLED = "Both sides are filled in: Generate Config File tries them."
PUT_RIGHT = "Put the marked fields right first."
GENERATE_NEXT = "Generate Config File checks both sides."
TYPE_KEYS = "Type the keys: they were not kept."
TYPE_KEYS_OF = "Type the keys of {end}: they were not kept."
OPEN_CONFIG = "Open Config File…"
SAVE_CONFIG = "Save Config File As…"
CONFIG_KINDS: Mapping[str, str] = {".toml": "Config file"}
NOT_NOW_OPENED = "The config file was not opened: something is under way."
GENERATED = "Config generated successfully!"

# -- the plan page -----------------------------------------------------------------------------------

OUTCOMES_TITLE = "What will happen to each object"
DECISIONS_TITLE = "Before data moves"
NOTHING_OPEN = "Nothing is left to decide."
COSTS_TITLE = "Cost and time"
ESTIMATE = "estimate"
SIZES_TITLE = "Sizes"
SIZES_NOTE = "objects to copy, by size"
PERMISSIONS_TITLE = "Permissions for this job"
COPY_POLICY: Mapping[str, str] = {"aws": "Copy AWS Policy", "lyve": "Copy Lyve Policy"}
COPIED = "Copied"
KEYS_TITLE = "Objects"
FIND_KEY = "Find a key, and why"
ANY_OUTCOME = "All objects"
NO_SUCH_KEY = (
    "The source did not list such a key: it is not there, or it does not begin with the folder on Set up."
)
NO_PLAN = "No plan yet"
NO_PLAN_YET = (
    "Preview Plan shows what would happen to each object and what it would cost. Nothing is copied by it."
)
BIN_LABELS = ("≤ 1 KB", "10 KB", "100 KB", "1 MB", "10 MB", "100 MB", "1 GB", "> 1 GB")
CONFLICT_TEXT = "If you overwrite, the old ones are kept so that Roll Back can bring them back."
CONFLICT_CHOICES: Mapping[str, str] = {
    "leave": "Leave them, and report them",
    "overwrite": "Overwrite, and keep the old ones",
    "skip": "Skip whatever exists",
}
CONFLICT_ANSWERED: Mapping[str, str] = {"leave": "They are left alone and reported"}
PLANNING = "Planning"
PLAN_GROWS = "What it costs, what is to be decided, and every key: once all of it is listed."
CONNECTING_BOTH = "Connecting to both sides…"
TO_SETUP = "Go to Set Up"
NO_PLAN_MADE = "No plan could be made. Nothing was written."
OUT_OF_DATE = "Out of date"
PLAN_STALE = "Plan Again looks at both sides once more; nothing is copied by an old plan."
CHOOSE = "Choose…"
CHANGE = "Change"
ACCEPT = "Accept"
GO_ON_WITHOUT = "Go On Without"
GO_AHEAD = "Go Ahead"

# -- the run page ----------------------------------------------------------------------------------

LISTING = "Listing"
COPYING = "Copying"
ROLLING_BACK = "Rolling back"
PREVIEWING = "Looking ahead"
TRANSFERS = "Transfers"
WAITING = "Waiting"
DONE = "Done"
THROUGHPUT = "Throughput"
PACE_NOTE = "Change them at any time; the config file stays as it is."
NOW = "now"
LAST_MINUTES = "last 10 minutes"
NO_THROUGHPUT = "The first seconds are being measured."
NO_WAITING = "Nothing is waiting."
NO_DONE = "Nothing has been copied yet."
RETRY_THESE = "Retry These {count}"
COPY_KEYS = "Copy Keys"
KEYS_COPIED = "{keys} copied to the clipboard, one a line."
SOME_KEYS_COPIED = "The first {keys} copied to the clipboard, one a line; the report has all of them."
LEAVE_OUT = "Leave Out…"
TOO_MANY_TO_LEAVE_OUT = (
    "More than {most} objects are not left out one by one. "
    "Write what they share into Not keys like on Set up."
)
LEAVE_OUT_HEADLINE = "Leave {objects} out from the next run?"
LEAVE_OUT_TEXT = (
    "Each is added by name to Not keys like on Set up, so the next plan counts it as left out by a filter. "
    "This run goes on to name it as not copied, and its report too."
)
LEAVE_OUT_YES = "Leave Out"
LEAVE_OUT_NO = "Keep Them"
LEFT_OUT = (
    "{objects} added to Not keys like. Preview Plan shows what is left out. "
    "Clear the field to have all of it again."
)
NOT_LEFT_OUT = "{objects} could not be added: no pattern can say the name."
NOTHING_LEFT_OUT = "Set up is about something else by now: nothing was left out."
MORE_THAN_LEFT_OUT = "There are more by now than could be named one by one: nothing was changed."
UNDO_POSSIBLE = "Undo is possible"
END_TITLE = "What now?"
SAVE_REPORT = "Save Report"
REPORT_KINDS: Mapping[str, str] = {".html": "Web page", ".csv": "Table (CSV)", ".json": "JSON"}
NOT_COPIED = "Not copied"
LEFT_IN_PLACE = "Left in place"
TRANSFER_COLUMNS = ("Progress", "Key", "Size", "Speed", "State")
CAUSE_COLUMNS = ("Cause", "Objects")
KEY_COLUMNS = ("Key", "Size", "What happens")
WAITING_COLUMNS = ("Request", "End", "Again in", "Attempt", "Cause")
DONE_COLUMNS = ("Key", "Size", "How it was checked")
NO_TRANSFERS = "Nothing is being copied right now."
NO_PROBLEMS = "No failures."
WHAT_HAPPENED = "What happened"
WHAT_TO_DO = "What you can do"
ACCOUNTED = "Every object is accounted for"
NOT_ACCOUNTED = "These numbers do not add up"

# -- history and settings --------------------------------------------------------------------------

HISTORY_TITLE = "History"
HISTORY_CONTEXT = "Every run is kept until you delete it. The newest is first."
NO_RUNS = "No runs yet"
NO_RUNS_YET = "The first one will appear here, with its result and what can be undone."
LOOKING_FOR_RUNS = "Looking at the runs…"
TIMES_ARE = "Times are {zone}."
NEWEST_RUNS = "The newest {shown} of {total} runs."
RUN_COLUMNS: Mapping[str, str] = {
    "started": "Started",
    "places": "From → to",
    "result": "Result",
    "objects": "Objects",
    "size": "Data",
    "took": "Took",
    "kept": "Kept for undo",
    "undo": "Undo",
}
ACTS: Mapping[str, str] = {
    "resume": "Resume",
    "retry": "Retry {count} Failed",
    "roll_back": "Roll Back…",
    "accept": "Accept…",
    "verify": "Compare Again",
    "save_report": "Save Report…",
    "open_folder": "Open Folder",
    "run_again": "Run Again…",
    "forget": "Delete…",
}
ACT_TIPS: Mapping[str, str] = {
    "resume": "Goes on where it stopped. What is proven to be copied is not copied again.",
    "retry": "Copies again only what failed.",
    "roll_back": "Shows first what would be removed, brought back and left alone.",
    "accept": "Ends undo for good and removes what is kept for it. What was copied stays.",
    "verify": "Looks at every copy and its source once more. Nothing is written.",
    "save_report": "Every object with its outcome, as a web page, a table or JSON.",
    "open_folder": "The run's job file, journal and log.",
    "run_again": "Fills Set up as it was for this run. Nothing starts yet.",
    "forget": "Removes the run's folder from this computer. Possible once it is accepted or rolled back.",
}
COMPARING = "Comparing both sides once more"
COMPARING_HELP = "Every copy is looked at, and its source. Nothing is written."
ACCEPTING = "Accepting the run"
ACCEPTING_HELP = "What was kept for undo is removed. What was copied stays."
ACCEPTED = "Accepted. Undo has ended, and what was copied stays."
ACCEPT_HEADLINE = "Accept this run?"
ACCEPT_TEXT = "Undo ends for good: it cannot be rolled back any more. What was copied stays."
ACCEPT_YES = "Accept and End Undo"
ACCEPT_NO = "Keep Undo"
FORGET_HEADLINE = "Delete what is kept here of this run?"
FORGET_TEXT = "Its journal, log and job file are removed from this computer. Both sides stay as they are."
FORGET_YES = "Delete"
FORGET_NO = "Keep It"
REPORT_SAVED = "The report was saved: {path}"
NOT_OPENED = "The folder {path} could not be opened: {reason}."
BUSY_NOW = "Something is under way: the other buttons come back when it has ended."
WHY_IT_ENDED = "What it said at its end"
HELP_TITLE = "Help"
SETTINGS_TITLE = "Settings"
SETTINGS_CONTEXT = "Changes take effect at once and are kept on this computer."
APPEARANCE = "Appearance"
APPEARANCES: Mapping[str, str] = {"system": "As the system", "light": "Light", "dark": "Dark"}

LIMITS_TITLE = "When Migrate Data stops on Plan"
LIMITS_NOTE = (
    "Migrate Data makes a plan first. It goes on by itself only where nothing is left to decide and the "
    "estimate is below both of these."
)
LIMITS: Mapping[str, str] = {
    "most_usd": "Stop above this cost",
    "most_hours": "Stop above this time",
}
HINTS: Mapping[str, str] = {
    "most_usd": "US dollars, requests and data out together; 0 stops always.",
    "most_hours": "Hours, at the speed measured by earlier runs; 0 stops always.",
}
NOT_AN_AMOUNT = "Not a number. Write one from 0 up, e.g. 12 or 2.5."
DURING_RUN_TITLE = "While a run goes on"
SWITCHES: Mapping[str, str] = {
    "keep_awake": "Keep this computer awake",
    "notify": "Tell me when a run pauses or ends",
}
SWITCH_NOTES: Mapping[str, str] = {
    "keep_awake": "It may sleep again when nothing is under way. Closing a lid can still put it to sleep.",
    "notify": "By a notification of the system, only while this window is not in front.",
}
KEYS_CARD_TITLE = "Keys"
LOOKING_FOR_KEYS = "Looking for keys…"
NO_KEYS = "No keys are kept. Generate Config File on Set up keeps those that are typed there."
KEYS_IN_VAULT = (
    "Keys are kept in {vault}, under a name, and in no file. They are read when a run begins. "
    "What only this window knows is gone when it is closed."
)
KEYS_IN_MEMORY = (
    "This computer has no key store that is known here. Keys are kept in memory until the window is closed, "
    "and in no file."
)
KEYS_OF_DEMO = (
    "The demo keeps its made-up keys in memory only. Keys of your own are neither shown nor touched here."
)
KEYS_KEPT = "in {vault}"
KEYS_NOT_KEPT = "in memory, until the window is closed"
KEYS_TEMPORARY = "temporary"
KEYS_UNTIL = "until {moment}"
KEYS_TESTING = "Trying them…"
KEYS_IN_USE = "Something is under way that may need them: they can be forgotten when it has ended."
TEST_KEYS = "Test"
TEST_KEYS_TIP = "Asks the service that they belong to whether it takes them. Nothing is written there."
FORGET_KEYS = "Forget…"
FORGET_ALL = "Forget All Keys…"
FORGET_KEYS_HEADLINE = "Forget the keys {name}?"
FORGET_ALL_HEADLINE = "Forget all {count} sets of keys?"
FORGET_KEYS_TEXT = (
    "They are removed from the key store, from memory and from Set up: Resume and Roll Back ask for them. "
    "At the service they go on to be valid: delete them there if they are not needed any more."
)
FORGET_KEYS_YES = "Forget Keys"
FORGET_KEYS_NO = "Keep Them"
FOLDER_TITLE = "Where runs are kept"
FOLDER_NOTE = "Job file, journal and log of every run; no keys. Roll Back needs them."
FOLDER_ELSEWHERE = "To keep them elsewhere, set MIGRATOR_HOME before the program starts."
NO_FOLDER = "Nowhere: this window keeps nothing."
NOT_KEPT = "The settings could not be kept: {reason}"

WENT_WRONG = "Something went wrong in the window:"
FROM, TO = "From", "To"

# -- closing and the desktop -----------------------------------------------------------------------

PAUSE_AND_QUIT_HEADLINE = "Pause the run and quit?"
PAUSE_AND_QUIT_TEXT = (
    "Parts in flight are finished first, and nothing is lost. The run is offered again when the window opens."
)
PAUSE_AND_QUIT = "Pause and Quit"
STOP_AND_QUIT_HEADLINE = "Stop and quit?"
STOP_AND_QUIT_TEXT = "Something is still under way. It can be done again, or gone on with, the next time."
STOP_AND_QUIT = "Stop and Quit"
KEEP_RUNNING = "Keep Running"

# -- the log -----------------------------------------------------------------------------------------

LOG = "Log"
LOG_LEVELS: Mapping[str, str] = {"info": "All levels", "warn": "Warnings and errors", "error": "Errors"}
LOG_SEARCH = "Search the log"
LOG_FOLLOW = "Follow"
LOG_COPY = "Copy"
LOG_EXPORT = "Export…"
LOG_EXPORT_TIP = "The complete log of this run, also what is not on screen. There are no secrets in it."
LOG_KINDS: Mapping[str, str] = {".log": "Log (a line of JSON for each event)"}
EXPORT_LOG = "Export the Log"
LOG_SAVING = "The log is being written…"
LOG_NEWER = "↓ {count} new"
LOG_EMPTY = "What happens is written here."
LOG_NO_MATCH = "No line matches."
LOG_NOT_HERE = "No list on screen has this object any more. The report of its run has every one."

# -- the menu ----------------------------------------------------------------------------------------

MENUS: Mapping[str, str] = {"file": "File", "edit": "Edit", "run": "Run", "view": "View", "help": "Help"}
EDITS: Mapping[str, str] = {"cut": "Cut", "copy": "Copy", "paste": "Paste", "select_all": "Select All"}
FIND = "Find"
OPEN_RUNS_FOLDER = "Open the Folder of Runs"
QUIT = "Quit Application"

# -- buttons -----------------------------------------------------------------------------------------

BUTTONS: Mapping[str, str] = {
    "preview_plan": "Preview Plan",
    "plan_again": "Plan Again",
    "change_filters": "Change Filters",
    "migrate": "Migrate Data",
    "cancel": "Cancel",
    "cancel_now": "Stop Now",
    "pause": "Pause",
    "save_report": "Save Report…",
    "enter_keys": "Enter New Keys",
    "resume": "Resume",
    "retry": "Retry Failed",
    "roll_back": "Roll Back…",
    "new_migration": "New Migration",
    "try_again": "Try Again",
    "look": "Show Details",
    "not_now": "Not Now",
    "start_demo": "Start the Demo",
}
