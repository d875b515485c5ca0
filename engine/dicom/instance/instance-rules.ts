/** What is asked of an instance beyond being a readable data set with its UIDs. Plain data: it crosses threads. */
export interface InstanceRules {
  /**
   * Which values metadata and index do without: `unreadable` ones, which do not say what their VR stands for (a DA that is no
   * day), or all that `nonconformant` with PS3.5 §6.2 (a CS in lower case, an SH of 17 characters). The file keeps them.
   */
  readonly omits: 'unreadable' | 'nonconformant';
  /** PatientID (0010,0020) must be there, though it may be empty, and its value must conform. */
  readonly requiresPatientId: boolean;
  /** Whether metadata has the private attributes of a data set in implicit VR, whose VRs nobody knows. */
  readonly keepsImplicitPrivate: boolean;
}

/** What every door asks unless it says otherwise. */
export const defaultInstanceRules: InstanceRules = Object.freeze({
  omits: 'unreadable',
  requiresPatientId: false,
  keepsImplicitPrivate: true,
});
