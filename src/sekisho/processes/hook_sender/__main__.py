from sekisho.processes.hook_sender.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
