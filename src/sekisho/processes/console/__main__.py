from sekisho.processes.console.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
