from sekisho.processes.payments.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
