const documentId = 'doc_01m83rgmedjnpqz1hhwwzw4wme';
const texts = [{ template: 'so-van-ban' }, { template: 'ngay-van-ban' }];

/** The three calls of a one-stop shop, to be sent as they are but for ids and templates; Swagger UI offers them. */
export const signingExamples = {
  approve: {
    summary: 'The leader approves, and prepares the fields of the clerk',
    value: {
      documentId,
      expectedVersion: 0,
      steps: [
        {
          credentialId: 'leader',
          role: 'leader',
          level: 'B-LT',
          template: 'chu-ky-lanh-dao',
          prepare: { texts, seal: 'con-dau' },
        },
      ],
    },
  },
  issue: {
    summary: 'The clerk issues: number, date and seal in one step',
    value: {
      documentId,
      expectedVersion: 1,
      actor: { id: 'vanthu.bich', name: 'Trần Thị Bích' },
      steps: [
        {
          credentialId: 'organisation',
          role: 'clerk',
          level: 'B-LT',
          template: 'con-dau',
          number: '57/QĐ-UBND',
          date: '2026-11-22',
          texts,
        },
      ],
    },
  },
  digitise: {
    summary: 'A scan is signed by the official at the counter',
    value: {
      documentId,
      expectedVersion: 0,
      steps: [{ credentialId: 'clerk', role: 'digitised', level: 'B-LT', template: 'giay-to-so-hoa' }],
    },
  },
};
