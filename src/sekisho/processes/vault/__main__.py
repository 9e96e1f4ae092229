from sekisho.processes.run import main
from sekisho.processes.vault.wiring import PROCESS

main(PROCESS)
